import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fer_batch.checksum import sha256_file
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.models import find_model, list_models, models_dir
from fer_batch.errors import ModelFileError, UnknownModelError


def test_a_card_reads_as_it_was_written(small_model: Path, tmp_path: Path) -> None:
    card = ModelCard.read(small_model)
    copy = tmp_path / "two.json"
    card.write(copy)
    assert json.loads(copy.read_text()) == json.loads(small_model.read_text())
    assert card.labels == ("happy", "sad") and len(card.template) == 5
    assert card.file("litert").parent == small_model.parent


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 99}, "another version"),
        ({"template": [[1, 2]]}, "five landmarks"),
        ({"labels": []}, "label"),
        ({"surprise": 1}, "surprise"),
        ({"annotation": "hearsay"}, "annotation"),
        ({"sharpen": -1}, "sharpen"),
        ({"full": "../fer3"}, "full"),
        ({"sharpness": 2}, "sharpness"),
    ],
)
def test_a_card_of_another_kind_is_refused(
    small_model: Path, tmp_path: Path, change: dict[str, object], says: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({**json.loads(small_model.read_text()), **change}))
    with pytest.raises(ModelFileError, match=says):
        ModelCard.read(path)


def test_text_that_is_no_json_and_no_file_at_all(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    for name in ("x.json", "y.json"):
        with pytest.raises(ModelFileError, match=name):
            ModelCard.read(tmp_path / name)


def test_exchanged_missing_and_outlying_weights_are_refused(
    small_model: Path, tmp_path: Path
) -> None:
    for file in small_model.parent.iterdir():
        shutil.copy(file, tmp_path)
    card = ModelCard.read(tmp_path / "two.json")
    with (tmp_path / "two.tflite").open("ab") as weights:
        weights.write(b"x")
    with pytest.raises(ModelFileError, match="SHA-256"):
        card.file("litert")
    (tmp_path / "two.keras").unlink()
    with pytest.raises(ModelFileError, match="missing"):
        card.file("keras")
    with pytest.raises(ModelFileError, match="no file"):
        card.file("onnx")
    card.files["keras"] = "../two.keras"
    with pytest.raises(ModelFileError, match="outside"):
        card.file("keras")


def test_the_one_model_of_a_training_is_found_among_its_other_files(
    small_model: Path, tmp_path: Path
) -> None:
    shutil.copy(small_model, tmp_path)
    (tmp_path / "settings.json").write_text('{"arch": "tiny"}')
    (tmp_path / "state.json").write_text("[]")
    (tmp_path / "broken.json").write_bytes(b"\xff")
    assert find_model(str(tmp_path)).name == "two"


def test_models_are_found_by_path_and_by_name(small_model: Path, tmp_path: Path) -> None:
    for name in (small_model, small_model.with_suffix(".keras"), small_model.parent):
        assert find_model(str(name)).name == "two"
    with pytest.raises(UnknownModelError, match="fer99"):
        find_model("fer99")
    with pytest.raises(UnknownModelError, match="no such"):
        find_model(str(tmp_path / "x.json"))
    with pytest.raises(ModelFileError, match="holds no model card"):
        find_model(str(tmp_path))
    for stem in ("two", "three"):
        shutil.copy(small_model, tmp_path / f"{stem}.json")
    with pytest.raises(ModelFileError, match=r"name one of three\.json, two\.json"):
        find_model(str(tmp_path))
    assert [card.name for card in list_models(small_model.parent)] == ["two"]


@pytest.mark.parametrize("card", list_models(), ids=lambda card: card.name)
def test_shipped_models_are_what_their_cards_say(card: ModelCard) -> None:
    assert find_model(card.name) == card
    for runtime, name in card.files.items():
        path = card.file(runtime)
        assert sha256_file(path) == card.sha256[name]
        assert path.stat().st_size < 12_000_000
    right_eye, left_eye, nose, right_mouth, left_mouth = card.template
    assert 0 < right_eye[0] < nose[0] < left_eye[0] < card.input_size
    assert right_eye[1] < nose[1] < right_mouth[1] < card.input_size
    assert left_eye[1] < nose[1] < left_mouth[1] < card.input_size
    assert card.limits and card.metrics["PublicTest"]["n"] > 1000


def test_the_default_model_is_shipped() -> None:
    assert (models_dir() / "fer3.json").is_file()
    assert find_model("fer3").labels == ("happy", "sad", "neutral")


def test_all_that_changes_numbers_is_in_a_cards_identity(small_model: Path) -> None:
    card = ModelCard.read(small_model)
    moved = tuple((x + 0.5, y) for x, y in card.template)
    for other in (
        replace(card, sharpen=0.5),
        replace(card, sharpness=0.15),
        replace(card, template=moved),  # type: ignore[arg-type]
        replace(card, sha256={**card.sha256, "two.tflite": "0" * 64}),
    ):
        assert other.identity != card.identity
    assert replace(card, description="other words").identity == card.identity
    assert json.loads(json.dumps(card.identity)) == card.identity


def test_shipped_models_say_what_prior_they_assume() -> None:
    for card in list_models():
        assert set(card.prior) == set(card.labels), card.name
        assert sum(card.prior.values()) == pytest.approx(1, abs=1e-3)
        assert card.sharpen == 0.5
