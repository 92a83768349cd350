import numpy as np
import pytest

from fer_batch.emotion.labels import FER2013, FERPLUS, THREE
from fer_batch.errors import TrainingDataError
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.targets import JOINT, Head, hard_labels, targets
from tests.training.made_faces import made_faces


def voted(*votes: list[int]) -> FaceSet:
    n = len(votes)
    return FaceSet(
        np.zeros((n, 48, 48), np.uint8),
        np.zeros(n, np.int64),
        np.array(["Training"] * n),
        np.array(votes, np.uint8),
    )


def test_every_target_is_a_distribution_and_unlabelled_rows_weigh_nothing() -> None:
    faces = made_faces(35, 0)
    for head in JOINT:
        wanted, weight = targets(faces, head)
        assert wanted.shape == (35, len(head.labels)) and wanted.dtype == np.float32
        assert np.allclose(wanted.sum(axis=1), 1, atol=1e-6)
        assert ((weight >= 0) & (weight <= 1)).all()
    three = targets(faces, JOINT[2])[1] > 0
    assert np.array_equal(three, np.isin(faces.emotion, [3, 4, 6]))


def test_smoothing_keeps_the_label_and_spreads_the_rest() -> None:
    faces = made_faces(7, 0)
    wanted, _ = targets(faces, Head("x", FER2013, smoothing=0.1))
    assert np.array_equal(wanted.argmax(axis=1), faces.emotion)
    assert np.allclose(wanted.max(axis=1), 0.9 + 0.1 / 7)


def test_single_votes_are_slips_and_unknown_takes_weight_away() -> None:
    faces = voted([5, 0, 0, 4, 1, 0, 0, 0, 0, 0], [0, 5, 0, 0, 0, 0, 0, 0, 5, 0])
    wanted, weight = targets(faces, Head("ferplus8", FERPLUS, "ferplus"))
    assert np.allclose(wanted[0, [0, 3]], [5 / 9, 4 / 9]) and wanted[0, 4] == 0
    assert np.allclose(weight, [1.0, 0.5])


def test_majority_of_unknown_or_no_face_has_no_label() -> None:
    faces = voted(
        [9, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        [2, 2, 0, 0, 0, 0, 0, 0, 6, 0],
        [0, 0, 0, 0, 0, 0, 0, 1, 0, 9],
        [0, 0, 0, 0, 0, 0, 0, 7, 3, 0],
    )
    assert hard_labels(faces, FERPLUS, "ferplus").tolist() == [0, -1, -1, 7]
    assert hard_labels(faces, THREE, "ferplus").tolist() == [2, -1, -1, -1]


def test_votes_are_asked_for() -> None:
    bare = voted([1] * 10)
    bare = FaceSet(bare.images, bare.emotion, bare.split)
    with pytest.raises(TrainingDataError, match="--fer-plus"):
        hard_labels(bare, FERPLUS, "ferplus")
