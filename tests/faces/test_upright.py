"""Faces the right way up look like faces, those upside down do not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fer_batch.faces.align import appearance, crop_faces
from fer_batch.faces.detector import open_detector
from fer_batch.faces.quality import LEAST_QUALITY, look, measure, quality
from fer_batch.faces.upright import PATTERN, upright
from fer_batch.media.planes import from_bgr
from fer_batch.training.data.template import DEFAULT_TEMPLATE
from fer_batch.types import Frame, Image
from tests.footage import pictures

TEMPLATE = np.array(DEFAULT_TEMPLATE, np.float32)


def read(bgr: Image) -> tuple[float, float]:
    """Uprightness and quality of the one face that is found."""
    frame = Frame(0, 0, from_bgr(bgr), bgr.shape[1], bgr.shape[0])
    found = open_detector("yunet").detect(frame)
    assert len(found) == 1
    crops = crop_faces(frame, found, TEMPLATE, 48)
    size = np.array([[frame.width, frame.height]])
    measures = measure(look(crops), found.box, found.landmarks, found.confidence, size)
    return float(measures.upright[0]), float(quality(measures)[0])


@pytest.mark.parametrize("who", [0, 1])
def test_a_portrait_is_upright(who: int) -> None:
    facing, value = read(pictures.cover(pictures.portraits()[who], 240, 240))
    assert facing > 0.08 and value > 0.9


def test_a_portrait_upside_down_is_unusable() -> None:
    """The detector takes it for an upright face, with the mouth where the eyes are."""
    portrait = pictures.cover(pictures.portraits()[1], 200, 200)
    facing, value = read(cv2.rotate(portrait, cv2.ROTATE_180))
    assert facing < -0.05 and value < LEAST_QUALITY


def test_a_mirror_image_is_as_upright() -> None:
    crops = np.random.default_rng(1).integers(0, 256, (5, 48, 48)).astype(np.uint8)
    mirrored = np.ascontiguousarray(crops[:, :, ::-1])
    one, other = (upright(appearance(each)) for each in (crops, mirrored))
    np.testing.assert_allclose(one, other, atol=2e-3)
    assert np.linalg.norm(PATTERN) == pytest.approx(1, abs=1e-5)
    assert upright(appearance(crops[:0])).shape == (0,)
