"""Every kind of image file, depth and palette is read as it looks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from fer_batch.media.image_decode import read_picture
from fer_batch.media.image_header import read_header
from tests.footage.images import heic_of_tiles
from tests.media.plain_pictures import FORMATS, LIMITS, assert_shown, grey, save, upright


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_read(suffix: str, tmp_path: Path) -> None:
    path = save(tmp_path / f"a.{suffix}", Pillow.fromarray(upright()))
    assert_shown(path, upright(), 6)
    assert not read_header(path, LIMITS).moving


def test_a_phones_photo_of_tiles_is_read_whole(tmp_path: Path) -> None:
    """Four tiles of another size than the picture, joined and cut by the container's words."""
    rows, columns = np.mgrid[0:150, 0:200]
    picture = np.stack([rows + 60, columns + 20, 200 - rows], -1).astype(np.uint8)
    path = heic_of_tiles(tmp_path / "IMG_1.HEIC", picture, tile=128)
    assert read_header(path, LIMITS).upright == (200, 150)
    shown = read_picture(path, LIMITS)
    assert shown.bgr.shape == (150, 200, 3)
    assert np.abs(shown.bgr[..., ::-1].astype(int) - picture).mean() < 6


@pytest.mark.parametrize("suffix", ["jpg", "tiff"])
def test_cmyk_is_read(suffix: str, tmp_path: Path) -> None:
    image = Pillow.fromarray(upright()).convert("CMYK")
    assert_shown(save(tmp_path / f"a.{suffix}", image), upright(), 6)


@pytest.mark.parametrize("suffix", ["png", "tiff", "bmp"])
def test_palettes_are_read(suffix: str, tmp_path: Path) -> None:
    image = Pillow.fromarray(upright()).quantize(16)
    assert_shown(save(tmp_path / f"a.{suffix}", image), upright(), 6)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "bmp", "avif", "jp2", "heic"])
def test_grey_is_read(suffix: str, tmp_path: Path) -> None:
    image = Pillow.fromarray(upright()).convert("L")
    assert_shown(save(tmp_path / f"a.{suffix}", image), grey(), 6)


def test_grey_maps_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pgm"
    Pillow.fromarray(upright()).convert("L").save(path, "PPM")
    assert_shown(path, grey(), 2)


@pytest.mark.parametrize("suffix", ["png", "tiff", "jp2"])
def test_sixteen_bits_are_read(suffix: str, tmp_path: Path) -> None:
    done, data = cv2.imencode(f".{suffix}", upright()[..., ::-1].astype(np.uint16) * 257)
    assert done
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(data.tobytes())
    assert_shown(path, upright(), 3)


def test_fractions_in_a_tiff_are_read(tmp_path: Path) -> None:
    done, data = cv2.imencode(".tiff", upright()[..., ::-1].astype(np.float32) / 255)
    assert done
    path = tmp_path / "a.tiff"
    path.write_bytes(data.tobytes())
    assert_shown(path, upright(), 2)
