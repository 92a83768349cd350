"""Images stand upright, as EXIF says."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from fer_batch.media.image_tags import exif_orientation
from fer_batch.types import Image
from tests.media.plain_pictures import assert_shown, save, upright


def stored_for(orientation: int) -> Image:
    """How pixels are stored for each of EXIF's orientations, so that ``upright`` is shown."""
    up = upright()
    turned = {
        1: up,
        2: up[:, ::-1],
        3: up[::-1, ::-1],
        4: up[::-1],
        5: up.transpose(1, 0, 2),
        6: np.rot90(up, 1),
        7: np.rot90(up.transpose(1, 0, 2), 2),
        8: np.rot90(up, -1),
    }
    return np.ascontiguousarray(turned[orientation])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "avif", "heic"])
def test_pictures_stand_upright_in_every_format(
    suffix: str, orientation: int, tmp_path: Path
) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    image = Pillow.fromarray(stored_for(orientation))
    assert_shown(save(tmp_path / f"a.{suffix}", image, exif=exif), upright(), 8)


def test_exif_of_jpeg_2000_is_followed(tmp_path: Path) -> None:
    """It stands in a box of its own behind the signature."""
    path = save(tmp_path / "a.jp2", Pillow.fromarray(stored_for(6)))
    exif = Pillow.Exif()
    exif[0x0112] = 6
    body = b"uuidJpgTiffExif->JP2" + exif.tobytes().removeprefix(b"Exif\0\0")
    data, at = path.read_bytes(), 12
    at += int.from_bytes(data[at : at + 4])  # behind the file type box
    path.write_bytes(data[:at] + struct.pack(">I", len(body) + 4) + body + data[at:])
    assert_shown(path, upright(), 6)


def test_exif_behind_the_pixels_of_a_png_is_followed(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", Pillow.fromarray(stored_for(8)))
    exif = Pillow.Exif()
    exif[0x0112] = 8
    content = exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(content)) + b"eXIf" + content
    chunk += struct.pack(">I", zlib.crc32(b"eXIf" + content))
    data = path.read_bytes()
    path.write_bytes(data[:-12] + chunk + data[-12:])
    assert_shown(path, upright(), 0)


@given(st.binary(max_size=64))
def test_any_bytes_are_some_orientation(data: bytes) -> None:
    assert 1 <= exif_orientation(b"Exif\0\0II*\0\x08\0\0\0" + data) <= 8
    assert 1 <= exif_orientation(data) <= 8
