import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.load import open_classifier
from fer_batch.errors import OutputPathError, TrainingDataError, UsageError
from fer_batch.training import checkpoint
from fer_batch.training.data.read import load
from fer_batch.training.data.targets import JOINT, Head
from fer_batch.training.fit import Training, renew_normalisation
from fer_batch.training.network.architectures import ARCHITECTURES, Architecture, build
from fer_batch.training.network.compiled import compiled
from fer_batch.training.network.folding import fold
from fer_batch.training.run import check_same, head_weights, heads_for, prepare, stored_settings
from fer_batch.training.settings import TrainSettings, changed, train_settings
from tests.training.made_faces import made_faces

PNG = b"\x89PNG\r\n\x1a\n"


def test_a_training_leaves_models_history_and_pictures(trained: Path) -> None:
    with (trained / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == [str(n) for n in range(1, 11)]
    assert float(rows[-1]["loss"]) < 0.85 * float(rows[0]["loss"])
    assert float(rows[-1]["learning_rate"]) < float(rows[2]["learning_rate"]) == 0.01
    for name in ("fer7", "ferplus8", "fer3"):
        card = ModelCard.read(trained / f"{name}.json")
        assert set(card.files) == {"keras", "litert"}
        for runtime in card.files:
            assert card.file(runtime).stat().st_size > 1000
        for picture in ("epoch_history", "confusion_matrix", "reliability", "mistakes"):
            assert (trained / name / f"{picture}.png").read_bytes()[:8] == PNG


def test_it_learned_what_the_drawn_faces_show(trained: Path) -> None:
    card = ModelCard.read(trained / "fer3.json")
    assert card.metrics["PublicTest"]["accuracy"] > 0.8
    assert card.metrics["PublicTest"]["n"] == 30


def test_evaluate_prints_json_of_the_agreed_shape_and_a_table(
    trained: Path, made_data: tuple[Path, Path], commands: object
) -> None:
    data, votes = (str(p) for p in made_data)
    for name, extra, n in (("fer3", [], 30), ("ferplus8", ["--fer-plus", votes], 70)):
        model = str(trained / f"{name}.json")
        result = CliRunner().invoke(
            commands,  # type: ignore[arg-type]
            ["evaluate", model, data, *extra, "--json"],
            catch_exceptions=False,
        )
        shown = json.loads(result.stdout)
        card = ModelCard.read(Path(model))
        assert list(shown) == ["accuracy", "recall", "ece", "n"] and shown["n"] == n
        assert list(shown["recall"]) == list(card.labels)
        assert round(shown["accuracy"], 4) == card.metrics["PublicTest"]["accuracy"]
    plain = CliRunner().invoke(commands, ["evaluate", str(trained / "fer3.json"), data])  # type: ignore[arg-type]
    assert "happy" in plain.stdout and "calibration" in plain.stdout


def test_evaluate_says_what_is_wrong(
    trained: Path, made_data: tuple[Path, Path], commands: object
) -> None:
    def run(*arguments: str) -> None:
        CliRunner().invoke(commands, ["evaluate", *arguments], catch_exceptions=False)  # type: ignore[arg-type]

    data, model = str(made_data[0]), str(trained / "ferplus8.json")
    with pytest.raises(TrainingDataError, match="--fer-plus"):
        run(model, data)
    with pytest.raises(TrainingDataError, match="no rows of PrivateTest"):
        run(model, data, "--split", "PrivateTest")
    with pytest.raises(UsageError, match="--split"):
        run(model, data, "--split", "Holdout")


def test_export_from_the_checkpoint_gives_the_model_of_the_training(
    trained: Path, made_data: tuple[Path, Path], commands: object, tmp_path: Path
) -> None:
    data, votes = (str(p) for p in made_data)
    arguments = ["export", str(trained), data, "-o", str(tmp_path), "--fer-plus", votes]
    CliRunner().invoke(commands, arguments, catch_exceptions=False)  # type: ignore[arg-type]
    crops = made_faces(14, 0).images
    before, after = (
        open_classifier(str(folder / "fer3.json")).classify(crops) for folder in (trained, tmp_path)
    )
    assert np.allclose(before, after, atol=1e-3)


def test_normalisations_end_with_the_moments_of_images_as_they_are(
    trained: Path, made_data: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, faces = stored_settings(trained), load(*made_data)
    assert settings is not None
    seen: list[NDArray[np.uint8]] = []

    def renew(model: object, batches: list[NDArray[np.uint8]]) -> None:
        seen.extend(batches)
        renew_normalisation(model, batches)

    monkeypatch.setattr("fer_batch.training.fit.renew_normalisation", renew)
    Training(settings, faces, trained).result()
    known = {side.tobytes() for image in faces.images for side in (image, image[:, ::-1])}
    assert len(seen) == 10 and all(image.tobytes() in known for batch in seen for image in batch)


def test_an_eight_bit_model_says_nearly_the_same(
    trained: Path, made_data: tuple[Path, Path], commands: object, tmp_path: Path
) -> None:
    arguments = ["quantise", str(trained / "fer3.json"), str(made_data[0]), "-o", str(tmp_path)]
    CliRunner().invoke(commands, arguments, catch_exceptions=False)  # type: ignore[arg-type]
    crops = made_faces(40, 0).images
    full = open_classifier(str(trained / "fer3.json")).classify(crops)
    small = open_classifier(str(tmp_path / "fer3-int8.json"))
    eight = small.classify(crops)
    assert np.allclose(full, eight, atol=0.1) and not np.array_equal(full, eight)
    assert np.array_equal(eight[7:8], small.classify(crops[7:8]))


def forgetful(grey: object) -> object:
    """The tiny network with dropout, so that random numbers must be resumed as well."""
    return keras.layers.Dropout(0.3)(ARCHITECTURES["tiny"].trunk(grey))


def test_a_resumed_training_equals_an_unbroken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = ARCHITECTURES["tiny"]
    small = replace(tiny, trunk=forgetful)
    assert isinstance(small, Architecture)
    monkeypatch.setitem(ARCHITECTURES, "forgetful", small)
    faces = made_faces(84, 14)
    settings = train_settings("forgetful", JOINT[:1], 3, batch_size=28, cooldown_epochs=1)
    quiet = lambda line: None  # noqa: E731
    whole = Training(settings, faces, tmp_path / "whole").run(False, quiet)
    stopped = replace(settings, epochs=1, cooldown_epochs=0)
    Training(stopped, faces, tmp_path / "parts").run(False, quiet)
    parts = Training(settings, faces, tmp_path / "parts")
    resumed = parts.run(True, quiet)
    for first, second in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        assert np.allclose(first, second, atol=1e-5)
    assert [row["epoch"] for row in parts.history] == [1, 2, 3]


def untrained(settings: TrainSettings) -> Any:
    """A compiled model whose optimizer has its variables, as after a first step."""
    model = compiled(settings)
    model.optimizer.build(model.trainable_variables)
    return model


def test_a_kill_between_the_two_files_of_a_checkpoint_loses_an_epoch_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = train_settings("tiny", JOINT, 1)
    model = untrained(settings)
    checkpoint.save(tmp_path, model, {"epoch": 1, "settings": settings.to_json()})
    before = [w.copy() for w in model.get_weights()]
    model.set_weights([w + 1 for w in before])

    def killed(path: Path, text: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write_atomically", killed)
        with pytest.raises(KeyboardInterrupt):
            checkpoint.save(tmp_path, model, {"epoch": 2})
    state = checkpoint.read_state(tmp_path)
    assert state["epoch"] == 1 and TrainSettings.from_json(state["settings"]) == settings
    checkpoint.restore(tmp_path, model, state)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    checkpoint.save(tmp_path, model, {"epoch": 2})
    assert [p.name for p in tmp_path.glob("*.npz")] == ["checkpoint-0002.npz"]


def test_another_network_cannot_be_resumed_into(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, untrained(train_settings("tiny", JOINT, 1)), {"epoch": 1})
    other = untrained(train_settings("tiny", JOINT[:1], 2))
    with pytest.raises(TrainingDataError, match="does not fit"):
        checkpoint.restore(tmp_path, other, checkpoint.read_state(tmp_path))
    with pytest.raises(OutputPathError, match="--resume"):
        prepare(tmp_path, resume=False)


def test_what_a_resumed_training_cannot_become_is_said_before_it_begins(tmp_path: Path) -> None:
    settings = TrainSettings.from_json(train_settings("tiny", JOINT, 1).to_json())
    check_same(settings, tmp_path, None, None)
    check_same(settings, tmp_path, "tiny", JOINT)
    with pytest.raises(UsageError, match="is of tiny"):
        check_same(settings, tmp_path, "dcnn", None)
    with pytest.raises(UsageError, match="fer7: angry, disgust"):
        check_same(settings, tmp_path, None, heads_for("fer2013", None))


def test_folding_changes_nothing_but_the_layers() -> None:
    model = build("tiny", JOINT)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            values = [rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()]
            layer.set_weights(values)
    folded = fold(model)
    crops = made_faces(14, 0).images[..., None]
    before, after = model.predict(crops, verbose=0), folded.predict(crops, verbose=0)
    for head in JOINT:
        assert np.allclose(before[head.name], after[head.name], atol=1e-4)
    kinds = [type(layer).__name__ for layer in folded.layers]
    assert "BatchNormalization" not in kinds and "Dropout" not in kinds


def test_the_reference_is_the_published_network() -> None:
    model = build("dcnn", [Head("fer3", ("happy", "sad", "neutral"))])
    convolutions = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    assert [(x.kernel_size[0], x.filters) for x in convolutions] == [
        *((5, 64), (5, 64), (3, 128), (3, 128), (3, 256), (3, 256)),
    ]
    assert all(x.activation.__name__ == "elu" for x in convolutions)
    drops = [x.rate for x in model.layers if isinstance(x, keras.layers.Dropout)]
    assert drops == [0.4, 0.4, 0.5, 0.6]
    assert fold(model).count_params() == model.count_params()


def test_heads_for_any_subset_of_emotions() -> None:
    (head,) = heads_for("fer2013", ("sad", "fear"))
    assert head.labels == ("sad", "fear") and head.name == "fer2"
    assert heads_for("ferplus", None)[0].name == "ferplus8"
    for targets, emotions in (("fer2013", ("sad", "joyful")), ("joint", ("sad",)), ("x", None)):
        with pytest.raises(UsageError):
            heads_for(targets, emotions)


def test_shares_of_the_loss_may_change_when_a_training_is_resumed(tmp_path: Path) -> None:
    settings = changed(train_settings("tiny", JOINT, 3), weights={"ferplus8": 2.0})
    assert [head.weight for head in settings.heads] == [1.0, 2.0, 0.5]
    check_same(settings, tmp_path, "tiny", JOINT)
    with pytest.raises(UsageError, match="choose a new -o"):
        check_same(settings, tmp_path, "tiny", JOINT[:1])
    with pytest.raises(UsageError, match="--weight: there is no head fer9"):
        changed(settings, weights={"fer9": 1.0})
    assert head_weights(["ferplus8=2", "fer3=0"]) == {"ferplus8": 2.0, "fer3": 0.0}
    assert head_weights([]) is None
    for text in ("ferplus8", "ferplus8=x", "ferplus8=-1", "ferplus8=inf"):
        with pytest.raises(UsageError, match="--weight"):
            head_weights([text])
