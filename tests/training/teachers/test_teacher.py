import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fer_batch.emotion.load import open_classifier
from fer_batch.errors import UsageError
from fer_batch.training.batches import arrays, dataset
from fer_batch.training.data.augment import NONE
from fer_batch.training.data.targets import JOINT, Head
from fer_batch.training.settings import TrainSettings
from fer_batch.training.teachers.teacher import lesson
from tests.training.made_faces import made_faces


def test_a_head_learns_from_those_who_know_its_labels(trained: Path) -> None:
    faces = made_faces(40, 0)
    fer3 = open_classifier(str(trained / "fer3.json"))
    turned = Head("turned", tuple(reversed(fer3.card.labels)))
    given = lesson([fer3], (*JOINT, turned), faces.images, 0.5)
    assert set(given.answers) == {"fer3", "turned"}
    assert np.allclose(given.answers["fer3"].sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(given.answers["turned"], given.answers["fer3"][:, ::-1])


def test_an_image_and_its_mirror_image_are_answered_alike(trained: Path) -> None:
    images = made_faces(40, 0).images
    teachers = [open_classifier(str(trained / "fer7.json"))]
    one = lesson(teachers, JOINT, images, 0.5).answers["fer7"]
    other = lesson(teachers, JOINT, np.ascontiguousarray(images[:, :, ::-1]), 0.5).answers["fer7"]
    assert np.allclose(one, other, atol=1e-5)
    assert not np.allclose(one, teachers[0].classify(images), atol=1e-3)


def test_targets_move_towards_the_teacher_by_its_share(trained: Path) -> None:
    faces = made_faces(40, 0)
    teachers = [open_classifier(str(trained / "ferplus8.json"))]
    given = lesson(teachers, JOINT, faces.images, 0.25)
    _, before, _ = arrays(faces, JOINT)
    taught = given.targets(before)
    batches = dataset(faces, JOINT, 40, NONE, seed=0, teaching=given)
    order = np.random.default_rng([0, 0]).permutation(40)
    for head in JOINT:
        said = given.answers.get(head.name, before[head.name])
        assert np.allclose(taught[head.name], 0.75 * before[head.name] + 0.25 * said, atol=1e-6)
        assert np.array_equal(batches[0][1][head.name], taught[head.name][order])


def test_a_teacher_whom_no_head_understands_is_refused(trained: Path) -> None:
    fer3 = open_classifier(str(trained / "fer3.json"))
    with pytest.raises(UsageError, match="--teacher fer3"):
        lesson([fer3], (Head("pair", ("happy", "sad")),), made_faces(7, 0).images, 0.5)


def test_teachers_go_with_the_training_and_onto_the_card(
    trained: Path, made_data: tuple[Path, Path], commands: object, tmp_path: Path
) -> None:
    data, out, teacher = str(made_data[0]), str(tmp_path), str(trained / "fer3.json")
    first = ["train", data, "-o", out, "--arch", "tiny", "--emotions", "happy,sad,neutral"]
    taught = ["--teacher", teacher, "--teacher-share", "0.7", "--epochs", "1"]
    again = ["train", data, "-o", out, "--resume", "--epochs", "2"]
    for arguments in (first + taught, again):
        done = CliRunner().invoke(commands, arguments, catch_exceptions=False)  # type: ignore[arg-type]
        assert done.exit_code == 0 and "asking 1 teacher about" in done.stdout
    settings = TrainSettings.from_json(json.loads((tmp_path / "settings.json").read_text()))
    assert (settings.teachers, settings.teacher_share) == ((teacher,), 0.7)
    card = json.loads((tmp_path / "fer3.json").read_text())
    assert (
        card["training"]["teachers"] == ["fer3 (tiny)"] and card["training"]["teacher_share"] == 0.7
    )
