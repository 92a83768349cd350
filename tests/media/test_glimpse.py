"""Glimpses: averages of a frame's planes, the same for any size of the same picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fer_batch.media.glimpse import CHROMA, LENGTH, LUMA, glimpse
from fer_batch.media.planes import from_bgr
from fer_batch.tracking.cuts import change
from fer_batch.types import Frame, Image
from tests.footage.pictures import two_faces


def seen(picture: Image) -> Image:
    height, width = picture.shape[:2]
    return glimpse(Frame(0, 0, from_bgr(picture), width, height))


def test_a_glimpse_holds_averages_of_luma_and_chroma() -> None:
    left = np.zeros((96, 160, 3), np.uint8)
    left[:, :80] = 255
    found = seen(left)
    assert found.shape == (LENGTH,) and found.dtype == np.uint8
    luma = found[: LUMA[0] * LUMA[1]].reshape(LUMA[1], LUMA[0])
    assert (luma[:, :8] == 235).all() and (luma[:, 8:] == 16).all()
    assert (found[-2 * CHROMA[0] * CHROMA[1] :] == 128).all()


@pytest.mark.parametrize("size", [(96, 54), (321, 241), (1280, 720)])
def test_size_hardly_matters(size: tuple[int, int]) -> None:
    picture = two_faces(1)[0]
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    assert change(seen(picture), seen(small)) < 10


def test_no_picture_is_all_zeros() -> None:
    assert not glimpse(Frame(0, 0, None, 64, 48)).any()
    assert seen(np.zeros((48, 64, 3), np.uint8)).any()
