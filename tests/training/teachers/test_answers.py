"""What teachers said is kept in a file: the same answers come back, for any part of the images."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from fer_batch.emotion.load import open_classifier
from fer_batch.emotion.models import find_model
from fer_batch.errors import TrainingDataError, UsageError
from fer_batch.npz import write_npz
from fer_batch.training.data.targets import JOINT, Head
from fer_batch.training.teachers.answers import LEVELS, Answers, hashes, read_answers, write_answers
from fer_batch.training.teachers.ask import ask
from fer_batch.training.teachers.teacher import lesson
from tests.training.made_faces import made_faces

LABELS = {"one": ("a", "b"), "other": ("c", "a", "b")}


def some(count: int, seed: int = 0) -> tuple[np.ndarray, Answers]:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 48, 48)).astype(np.uint8)
    said = {
        name: rng.dirichlet([0.5] * len(labels), count).astype(np.float32)
        for name, labels in LABELS.items()
    }
    return images, Answers(hashes(images), LABELS, said, ("one (tiny)", "other (tiny)"))


@given(st.integers(0, 12), st.integers(0, 5), st.data())
def test_any_part_of_the_images_finds_its_answers(
    tmp_path_factory: pytest.TempPathFactory, count: int, seed: int, data: st.DataObject
) -> None:
    images, answers = some(count, seed)
    path = tmp_path_factory.mktemp("answers") / "answers.npz"
    write_answers(path, answers)
    found = read_answers(path)
    assert (found.labels, found.taught) == (answers.labels, answers.taught)
    rows = data.draw(st.lists(st.integers(0, count - 1), max_size=9) if count else st.just([]))
    given_ = found.of(images[np.array(rows, np.int64)])
    for name, said in answers.probabilities.items():
        wanted = said[np.array(rows, np.int64)]
        assert given_[name].dtype == np.float32 and given_[name].shape == wanted.shape
        assert np.allclose(given_[name], wanted, atol=2 / LEVELS)
        assert np.allclose(given_[name].sum(axis=1), 1, atol=1e-5)


def test_an_image_that_was_not_asked_about_is_missed() -> None:
    images, answers = some(5)
    other = images.copy()
    other[3, 0, 0] ^= 1
    with pytest.raises(TrainingDataError, match="1 of 5 images are not among those"):
        answers.of(other)


@pytest.mark.parametrize("change", ["images", "labels", "shape", "bytes"])
def test_something_else_is_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "answers.npz"
    meta = {"format": 1, "labels": {"one": ["a", "b"]}, "taught": []}
    images, said = np.arange(3, dtype=np.uint64), np.ones((3, 2), np.uint8)
    if change == "images":
        images = images.astype(np.float32)
    elif change == "labels":
        meta["labels"] = ["one"]
    elif change == "shape":
        said = said[:2]
    write_npz(path, meta, {"images": images, "of_one": said})
    if change == "bytes":
        path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(TrainingDataError, match=r"answers\.npz: not a file of answers"):
        read_answers(path)


def test_the_file_is_called_by_its_ending(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"must end in \.npz"):
        write_answers(tmp_path / "answers", some(2)[1])


def test_teachers_are_asked_as_a_lesson_asks_them(trained: Path) -> None:
    faces = made_faces(40, 0)
    names = ("fer3", "ferplus8")
    kept = ask([find_model(str(trained / f"{name}.json")) for name in names], faces)
    assert kept.taught == ("fer3 (tiny)", "ferplus8 (tiny)")
    images = faces.of_split("Training").images
    teachers = [open_classifier(str(trained / f"{name}.json")) for name in names]
    wanted = lesson(teachers, JOINT, images, 0.5).answers
    found = lesson([], JOINT, images, 0.5, [kept]).answers
    assert set(found) == set(wanted) == set(names)
    for name in names:
        assert np.allclose(found[name], wanted[name], atol=1e-3)
    # Teachers and answers in files have one voice each.
    both = lesson(teachers[:1], JOINT, images, 0.5, [kept]).answers["fer3"]
    assert np.allclose(both, (wanted["fer3"] + found["fer3"]) / 2, atol=1e-6)


def test_answers_that_no_head_understands_are_refused() -> None:
    images, answers = some(3)
    with pytest.raises(UsageError, match="no head has the labels of the file of answers: a, b; c"):
        lesson([], (Head("pair", ("happy", "sad")),), images, 0.5, [answers])


def test_one_name_twice_is_refused(trained: Path) -> None:
    card = find_model(str(trained / "fer3.json"))
    with pytest.raises(UsageError, match="two models of one name"):
        ask([card, card], made_faces(7, 0))


def test_the_recogniser_s_features_teach_without_anything_else(
    made_data: tuple[Path, Path], commands: object, tmp_path: Path
) -> None:
    data, votes = (str(path) for path in made_data)
    file = tmp_path / "answers.npz"
    arguments = ["answers", data, "--fer-plus", votes, "--features", "recogniser", "-o", str(file)]
    done = CliRunner().invoke(commands, arguments, catch_exceptions=False)  # type: ignore[arg-type]
    assert done.exit_code == 0, done.stdout
    kept = read_answers(file)
    assert kept.taught == ("features that stay as they are (recogniser)",)
    assert set(kept.labels) == {"fer7", "ferplus8"} and len(kept.images) == 280


def test_a_training_learns_from_a_file(
    trained: Path, made_data: tuple[Path, Path], commands: object, tmp_path: Path
) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(commands, list(arguments), catch_exceptions=False)  # type: ignore[arg-type]
        assert done.exit_code == 0, done.stdout
        return done.stdout

    data, file = str(made_data[0]), str(tmp_path / "answers.npz")
    said = run("answers", data, "--teacher", str(trained / "fer3.json"), "-o", file)
    assert "what 1 teacher said of" in said
    out = tmp_path / "out"
    options = ("--arch", "tiny", "--emotions", "happy,sad,neutral", "--epochs", "1")
    said = run("train", data, "-o", str(out), *options, "--teacher", file)
    assert "asking 1 teacher about" in said
    card = json.loads((out / "fer3.json").read_text())
    assert card["training"]["teachers"] == ["fer3 (tiny)"]


def test_answers_are_about_images_not_variants(
    made_data: tuple[Path, Path], commands: object, tmp_path: Path
) -> None:
    file = tmp_path / "answers.npz"
    write_answers(file, some(2)[1])
    arguments = ["train", str(made_data[0]), "-o", str(tmp_path / "out"), "--arch", "tiny"]
    arguments += ["--teacher", str(file), "--teachers-see", "variants", "--epochs", "1"]
    with pytest.raises(UsageError, match="answers in a file are about images only"):
        CliRunner().invoke(commands, arguments, catch_exceptions=False)  # type: ignore[arg-type]
