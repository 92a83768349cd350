import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.load import open_classifier
from fer_batch.emotion.models import find_model
from fer_batch.errors import UsageError
from fer_batch.training.batches import arrays, dataset
from fer_batch.training.data.augment import MILD
from fer_batch.training.data.targets import JOINT, Head
from fer_batch.training.settings import TrainSettings
from fer_batch.training.teachers.panel import Panel
from fer_batch.training.teachers.tutor import tutors
from tests.training.made_faces import made_faces


def cards(trained: Path, *names: str) -> list[ModelCard]:
    return [find_model(str(trained / f"{name}.json")) for name in names]


def asked(panel: Panel, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """By name what each member of a panel says."""
    said = panel.answers(images)
    return {card.name: said[:, first:][:, : len(card.labels)] for card, first in panel.members}


def test_a_batch_s_targets_are_what_one_teacher_says_of_what_is_shown(trained: Path) -> None:
    faces = made_faces(64, 0)
    teaching = tutors(cards(trained, "fer3", "ferplus8"), JOINT, 1.0, 32)
    ((panel, _),) = teaching.known["fer3"]
    batches = dataset(faces, JOINT, 32, MILD, seed=4, teaching=teaching)
    for place in range(2):
        shown, wanted, _ = batches[place]
        images = shown[..., 0]
        straight = asked(panel, images)
        mirrored = asked(panel, np.ascontiguousarray(images[:, :, ::-1]))
        assert set(straight) == {"fer3", "ferplus8"}
        sides = [
            (np.allclose(wanted[name], straight[name]), np.allclose(wanted[name], mirrored[name]))
            for name in straight
        ]
        assert sides in ([(True, False)] * 2, [(False, True)] * 2)
        # FER2013's head has no teacher here: it keeps to the labels.
        alone = dataset(faces, JOINT, 32, MILD, seed=4)[place][1]
        assert np.array_equal(wanted["fer7"], alone["fer7"])


def test_on_average_it_is_the_mean_of_teachers_and_mirror_images(trained: Path) -> None:
    faces = made_faces(16, 0)
    both = [*cards(trained, "fer3"), find_model("fer3")]
    turned = Head("turned", tuple(reversed(both[0].labels)))
    teaching = tutors(both, [turned], 0.5, 16)
    _, given, _ = arrays(faces, [turned])
    rng = np.random.default_rng(0)
    draws = [teaching.targets(given, faces.images, rng)["turned"] for _ in range(400)]
    distinct = {draw.tobytes() for draw in draws}
    assert len(distinct) == 4
    mirrored = np.ascontiguousarray(faces.images[:, :, ::-1])
    said = [
        open_classifier(str(card.path)).classify(images)[:, ::-1]
        for card in both
        for images in (faces.images, mirrored)
    ]
    wanted = 0.5 * given["turned"] + 0.5 * np.mean(said, axis=0)
    assert np.abs(np.mean(draws, axis=0) - wanted).max() < 0.05


def test_a_training_with_tutors_can_be_broken_off_and_resumed(
    trained: Path, made_data: tuple[Path, Path], commands: object, tmp_path: Path
) -> None:
    data, teacher = str(made_data[0]), str(trained / "fer3.json")

    def train(out: Path, *more: str) -> None:
        first = ["train", data, "-o", str(out), "--arch", "tiny", "--emotions", "happy,sad,neutral"]
        if "--resume" not in more:
            first += ["--teacher", teacher, "--teachers-see", "variants"]
        done = CliRunner().invoke(commands, [*first, *more], catch_exceptions=False)  # type: ignore[arg-type]
        assert "1 teacher will see each image as it is shown" in done.stdout

    train(tmp_path / "whole", "--epochs", "2")
    train(tmp_path / "parts", "--epochs", "1")
    train(tmp_path / "parts", "--epochs", "2", "--resume")
    whole, parts = (
        (tmp_path / name / "history.csv").read_text().splitlines() for name in ("whole", "parts")
    )
    seconds = whole[0].split(",").index("seconds")
    for one, other in zip(whole, parts, strict=True):
        ours, theirs = one.split(","), other.split(",")
        del ours[seconds], theirs[seconds]
        assert ours == theirs
    settings = TrainSettings.from_json(
        json.loads((tmp_path / "parts" / "settings.json").read_text())
    )
    assert settings.teachers_see == "variants"
    card = json.loads((tmp_path / "parts" / "fer3.json").read_text())
    assert card["training"]["teachers_see"] == "variants"


def test_what_teachers_cannot_see_is_refused(
    made_data: tuple[Path, Path], commands: object, tmp_path: Path
) -> None:
    arguments = ["train", str(made_data[0]), "-o", str(tmp_path), "--teachers-see", "nothing"]
    with pytest.raises(UsageError, match="'nothing' is unknown; choose from images, variants"):
        CliRunner().invoke(commands, arguments, catch_exceptions=False)  # type: ignore[arg-type]
