"""Training images cut out as the pipeline cuts faces out of pictures."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.faces.sharpen import sharpened
from fer_batch.training.data.cropped import as_cropped
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.template import DEFAULT_TEMPLATE

TEMPLATE = np.array(DEFAULT_TEMPLATE, np.float32)
DOT = 2


def marked(landmarks: np.ndarray) -> np.ndarray:
    """Grey images ``uint8[n, 48, 48]`` with a bright square at each landmark."""
    images = np.full((len(landmarks), 48, 48), 60, np.uint8)
    for image, points in zip(images, landmarks, strict=True):
        for x, y in points.round().astype(int):
            image[y - DOT : y + DOT + 1, x - DOT : x + DOT + 1] = 220
    return images


def face_set(landmarks: np.ndarray) -> FaceSet:
    count = len(landmarks)
    shown = np.where(np.isfinite(landmarks), landmarks, TEMPLATE)
    split = np.full(count, "Training")
    return FaceSet(marked(shown), np.zeros(count, np.int64), split, None, landmarks)


@given(st.floats(-4, 4), st.floats(-4, 4), st.floats(0.85, 1.15))
def test_faces_come_to_lie_where_the_others_do(dx: float, dy: float, scale: float) -> None:
    """One face stands apart from others that lie on the template."""
    landmarks = np.repeat(TEMPLATE[None], 40, axis=0)
    landmarks[0] = (TEMPLATE - 23.5) * scale + 23.5 + np.array([dx, dy], np.float32)
    faces = face_set(landmarks)
    cropped = as_cropped(faces, 0, 0)
    assert cropped.landmarks is None and cropped.images.shape == faces.images.shape
    # Dots are drawn at whole pixels.
    for x, y in TEMPLATE:
        rows, columns = np.indices((48, 48))
        near = (np.abs(rows - y) < 5) & (np.abs(columns - x) < 5)
        weight = np.where(near, cropped.images[0].astype(float) - 60, 0).clip(0)
        found = (weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()
        assert np.allclose(found, (x, y), atol=1.0)


def test_images_without_a_face_are_only_sharpened() -> None:
    landmarks = np.repeat(TEMPLATE[None], 3, axis=0)
    landmarks[1] = np.nan
    faces = face_set(landmarks)
    cropped = as_cropped(faces, 0.5, 0.15)
    assert np.array_equal(cropped.images[1], sharpened(faces.images[1:2], 0.5, 0.15)[0])
    assert not np.array_equal(cropped.images[1], faces.images[1])
    without = as_cropped(FaceSet(faces.images, faces.emotion, faces.split), 0.5, 0.15)
    assert np.array_equal(without.images, sharpened(faces.images, 0.5, 0.15))
