import gzip
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fer_batch.errors import TrainingDataError
from fer_batch.training.data.read import hold_out, load
from tests.training.made_faces import csv_text, made_faces, votes_text, write_csv, write_folder

FACES = made_faces(21, 7)


@pytest.mark.parametrize("packing", ["", ".gz", ".xz", ".zip"])
def test_csv_in_every_packing(tmp_path: Path, packing: str) -> None:
    path = tmp_path / f"fer2013.csv{packing}"
    text = csv_text(FACES).encode()
    if packing == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("fer2013.csv", text)
    else:
        packed = {"": text, ".gz": gzip.compress(text), ".xz": lzma.compress(text)}
        path.write_bytes(packed[packing])
    read = load(path)
    assert np.array_equal(read.images, FACES.images)
    assert np.array_equal(read.emotion, FACES.emotion)
    assert np.array_equal(read.split, FACES.split)
    assert read.votes is None


def test_votes_beside_the_csv_and_a_folder_that_holds_it(tmp_path: Path) -> None:
    data, votes = write_csv(tmp_path, FACES)
    read = load(data, votes)
    assert FACES.votes is not None and read.votes is not None
    assert np.array_equal(read.votes, FACES.votes)
    assert len(load(tmp_path)) == len(FACES)


def test_folder_of_images(tmp_path: Path) -> None:
    read = load(write_folder(tmp_path, FACES))
    assert len(read) == len(FACES)
    for split in ("Training", "PublicTest"):
        ours, theirs = read.of_split(split), FACES.of_split(split)
        assert sorted(ours.emotion) == sorted(theirs.emotion)
        assert {i.tobytes() for i in ours.images} == {i.tobytes() for i in theirs.images}


def test_landmarks_travel_with_the_rows(tmp_path: Path) -> None:
    data, _ = write_csv(tmp_path, FACES)
    landmarks = np.arange(len(FACES) * 10, dtype=np.float32).reshape(-1, 5, 2)
    np.savez(tmp_path / "landmarks.npz", landmarks=landmarks)
    read = load(data, landmarks=tmp_path / "landmarks.npz").of_split("PublicTest")
    assert read.landmarks is not None
    assert np.array_equal(read.landmarks, landmarks[FACES.split == "PublicTest"])


def test_hold_out_only_where_there_is_no_validation() -> None:
    assert hold_out(FACES, 0.5, 0) is FACES
    train = FACES.of_split("Training")
    split = hold_out(train, 0.2, 0).split
    assert (split == "PublicTest").sum() == 4
    assert np.array_equal(split, hold_out(train, 0.2, 0).split)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "emotion, pixels"),
        ("emotion,pixels,Usage\n", "no rows"),
        ("# Faces\n\nAs a table:\n\na,b,c\n", "read as csv"),
        ("emotion,pixels,Usage\n3,1 2 3,Training\n", "pixel values"),
        ("emotion,pixels,Usage\n9," + " ".join(["1"] * 2304) + ",Training\n", "0 to 6"),
        ("emotion,pixels,Usage\n3," + " ".join(["1"] * 2304) + ",Other\n", "unknown Usage"),
    ],
)
def test_a_csv_of_another_kind_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "fer2013.csv"
    path.write_text(text)
    with pytest.raises(TrainingDataError, match=says) as caught:
        load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_damaged_archive_missing_file_and_foreign_votes(tmp_path: Path) -> None:
    (tmp_path / "x.csv.xz").write_bytes(lzma.compress(csv_text(FACES).encode())[:-40])
    with pytest.raises(TrainingDataError, match="damaged"):
        load(tmp_path / "x.csv.xz")
    with pytest.raises(TrainingDataError, match="no such"):
        load(tmp_path / "nowhere.csv")
    data, votes = write_csv(tmp_path, FACES)
    votes.write_text(votes_text(FACES.take(slice(0, 5))))
    with pytest.raises(TrainingDataError, match="same rows"):
        load(data, votes)
    table = votes_text(FACES).splitlines()
    head, _, _ = table[1].rpartition(",")
    votes.write_text("\n".join([table[0], f"{head},many", *table[2:]]))
    with pytest.raises(TrainingDataError, match="numbers of votes") as caught:
        load(data, votes)
    assert "\n" not in str(caught.value)
    (tmp_path / "f" / "train" / "puzzled").mkdir(parents=True)
    with pytest.raises(TrainingDataError, match="unknown emotion"):
        load(tmp_path / "f")
