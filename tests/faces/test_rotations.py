"""Faces sideways and upside down: where they lie, which eye is which, and what is not searched."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.faces.align import crop_faces
from fer_batch.faces.detector import Detector, open_detector
from fer_batch.faces.rotations import SURE, distinct, find_all, turned_back
from fer_batch.media.planes import from_bgr
from fer_batch.pose import pose
from fer_batch.training.data.template import DEFAULT_TEMPLATE
from fer_batch.types import FloatArray, Frame, Image
from tests.footage import pictures

TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@pytest.fixture(scope="module")
def detector() -> Detector:
    return open_detector("yunet", rotations=True)


@pytest.fixture(scope="module")
def person() -> Image:
    """One face, not in the middle, in a picture that is wider than high: BGR."""
    wide = np.full((240, 360, 3), 110, np.uint8)
    wide[20:220, 20:220] = pictures.cover(pictures.portraits()[1], 200, 200)
    return wide


def frame_of(bgr: Image) -> Frame:
    return Frame(0, 0, from_bgr(bgr), bgr.shape[1], bgr.shape[0])


def turned_points(points: FloatArray, degrees: int, width: int, height: int) -> FloatArray:
    """Where points of a picture of that size lie when it is turned clockwise."""
    x, y = points[..., 0], points[..., 1]
    turned = {90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}[degrees]
    return np.stack(turned, axis=-1)


@pytest.mark.parametrize("degrees", TURNS)
def test_a_turned_face_is_found_with_its_own_eyes(
    degrees: int, detector: Detector, person: Image
) -> None:
    upright = open_detector("yunet").detect(frame_of(person))
    frame = frame_of(cv2.rotate(person, TURNS[degrees]))
    found = detector.detect(frame)
    assert len(upright) == len(found) == 1
    size = float(upright.box[0, 2])
    wanted = turned_points(upright.landmarks, degrees, person.shape[1], person.shape[0])
    assert np.abs(found.landmarks - wanted).max() < size / 25
    corners = np.stack([upright.box[:, :2], upright.box[:, :2] + upright.box[:, 2:]], axis=1)
    corners = turned_points(corners, degrees, person.shape[1], person.shape[0])
    assert np.abs(found.box[0, :2] - corners[0].min(axis=0)).max() < size / 10
    assert np.abs(found.box[0, :2] + found.box[0, 2:] - corners[0].max(axis=0)).max() < size / 10
    roll = pose(found.landmarks)[0, 2] - pose(upright.landmarks)[0, 2]
    assert abs((roll - degrees + 180) % 360 - 180) < 5
    # What the model sees is upright, the same as of the upright picture.
    template = np.array(DEFAULT_TEMPLATE, np.float32)
    crops = [
        crop_faces(f, d, template, 48)[0] for f, d in ((frame, found), (frame_of(person), upright))
    ]
    assert np.corrcoef(crops[0].ravel(), crops[1].ravel())[0, 1] > 0.9


@pytest.mark.parametrize("degrees", [90, 270])
def test_without_the_option_a_face_on_its_side_is_missed(degrees: int, person: Image) -> None:
    picture = cv2.rotate(person, TURNS[degrees])
    assert len(open_detector("yunet").detect(frame_of(picture))) == 0


def test_upright_faces_stay_what_they_are(detector: Detector, person: Image) -> None:
    plain = open_detector("yunet")
    for picture in (person, pictures.two_faces(50)[0]):
        one, other = plain.detect(frame_of(picture)), detector.detect(frame_of(picture))
        np.testing.assert_array_equal(one.box, other.box)
        np.testing.assert_array_equal(one.landmarks, other.landmarks)


def test_nobody_is_found_where_nobody_is(detector: Detector) -> None:
    assert len(detector.detect(frame_of(pictures.numbered(300)))) == 0


def rows(*faces: tuple[float, float, float, float, float]) -> FloatArray:
    """Faces ``float32[n, 15]`` of x, y, w, h, confidence; landmarks run along the diagonal."""
    found = np.zeros((len(faces), 15), np.float32)
    for row, (x, y, w, h, confidence) in zip(found, faces, strict=True):
        row[:4], row[14] = (x, y, w, h), confidence
        row[4:14] = np.stack(
            [x + w * np.linspace(0.2, 0.8, 5), y + h * np.linspace(0.2, 0.8, 5)], 1
        ).ravel()
    return found


SPAN = st.floats(1, 50)


@given(
    st.lists(st.tuples(SPAN, SPAN, SPAN, SPAN, st.floats(0.1, 1)), max_size=4),
    st.sampled_from((90, 180, 270)),
)
def test_turned_and_back_is_where_it_was(
    faces: list[tuple[float, float, float, float, float]], degrees: int
) -> None:
    width, height = 160, 100
    found, seen = rows(*faces), rows(*faces)
    corners = np.stack([found[:, :2], found[:, :2] + found[:, 2:4]], axis=1)
    corners = turned_points(corners, degrees, width, height)
    seen[:, :2], seen[:, 2:4] = corners.min(axis=1), np.ptp(corners, axis=1)
    points = turned_points(found[:, 4:14].reshape(-1, 5, 2), degrees, width, height)
    seen[:, 4:14] = points.reshape(-1, 10)
    np.testing.assert_allclose(turned_back(seen, degrees // 90, width, height), found, atol=1e-3)


def test_a_face_seen_at_two_turns_is_one_the_surer() -> None:
    found = rows((10, 10, 40, 40, 0.9), (12, 11, 40, 40, 0.8), (80, 10, 40, 40, 0.7))
    np.testing.assert_array_equal(distinct(found), found[[0, 2]])
    assert len(distinct(rows())) == 0


@pytest.mark.parametrize(
    ("confidence", "searches"), [(SURE + 0.01, 1), (SURE - 0.01, 4), (None, 4)]
)
def test_only_doubtful_pictures_are_turned(confidence: float | None, searches: int) -> None:
    seen: list[tuple[int, ...]] = []

    def find(picture: Image) -> FloatArray:
        seen.append(picture.shape[:2])
        first = len(seen) == 1 and confidence is not None
        return rows((5, 5, 20, 20, confidence or 0)) if first else rows()

    found = find_all(np.zeros((60, 90, 3), np.uint8), find)
    assert seen == [(60, 90), (90, 60), (60, 90), (90, 60)][:searches]
    assert len(found) == (confidence is not None)
