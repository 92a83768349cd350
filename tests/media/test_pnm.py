"""Portable pixmaps of all six kinds, of any depth, as plain text and as bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import Limits
from fer_batch.errors import NotMediaError
from fer_batch.media.image_decode import read_picture
from fer_batch.media.pnm import decode_pnm

WIDTH, HEIGHT = 37, 20  # not a whole number of bytes where a pixel is a bit
COMMENT = b"# taken by a camera 12 3\n"


def colours() -> np.ndarray:
    """RGB from 0 to 1, ``float[HEIGHT, WIDTH, 3]``."""
    x, y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    return np.dstack([x, y, 1 - x])


def written(values: np.ndarray, most: int, plain: bool) -> bytes:
    kind = (3 if plain else 6) if values.ndim == 3 else (2 if plain else 5)
    head = b"P%d\n%s%d %d\n%d\n" % (kind, COMMENT, WIDTH, HEIGHT, most)
    if plain:
        return head + b"\n".join(b"%d" % value for value in values.reshape(-1).tolist())
    return head + values.astype(">u2" if most > 255 else np.uint8).tobytes()


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("most", [15, 100, 255, 256, 1023, 4095, 65535])
def test_the_largest_value_is_white(most: int, plain: bool, tmp_path: Path) -> None:
    colour = tmp_path / "picture.ppm"
    colour.write_bytes(written((colours() * most).round().astype(int), most, plain))
    expected = (colours() * most).round() / most * 255
    assert np.abs(read_picture(colour, Limits()).bgr[..., ::-1] - expected).max() <= 1
    grey = tmp_path / "picture.pgm"
    grey.write_bytes(written((colours()[..., 0] * most).round().astype(int), most, plain))
    assert np.abs(read_picture(grey, Limits()).bgr - expected[..., :1]).max() <= 1


@pytest.mark.parametrize("kind", ["packed", "plain", "plain without blanks"])
def test_black_and_white(kind: str, tmp_path: Path) -> None:
    black = colours()[..., 0] > 0.4
    head = b"P%d\n%s%d\n%d\n" % (4 if kind == "packed" else 1, COMMENT, WIDTH, HEIGHT)
    digits = [b"%d" % bit for bit in black.reshape(-1).tolist()]
    text = (b"" if kind == "plain without blanks" else b" ").join(digits)
    path = tmp_path / "page.pbm"
    path.write_bytes(head + (np.packbits(black, axis=1).tobytes() if kind == "packed" else text))
    assert (read_picture(path, Limits()).bgr == np.where(black, 0, 255)[..., None]).all()


@pytest.mark.parametrize("plain", [False, True])
def test_one_that_ends_early_is_damaged(plain: bool, tmp_path: Path) -> None:
    path = tmp_path / "short.ppm"
    content = written((colours() * 4095).round().astype(int), 4095, plain)
    path.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(NotMediaError, match=r"short\.ppm: is a damaged"):
        read_picture(path, Limits())


@pytest.mark.parametrize("filling", [b" ", b"#", b"# a line\n"])
def test_a_header_without_an_end_is_damage(filling: bytes, tmp_path: Path) -> None:
    path = tmp_path / "endless.pgm"
    path.write_bytes(b"P5\n" + filling * (1 << 17) + b"\n4 4\n255\n" + bytes(16))
    with pytest.raises(NotMediaError, match=r"endless\.pgm: is a damaged"):
        read_picture(path, Limits())
    with pytest.raises(ValueError, match="no size"):
        decode_pnm(path.read_bytes())


@given(st.sampled_from([b"P1", b"P2", b"P3", b"P4", b"P5", b"P6"]), st.binary(max_size=80))
def test_any_bytes_are_a_picture_or_an_error(kind: bytes, rest: bytes) -> None:
    try:
        picture = decode_pnm(kind + b"\n" + rest)
    except ValueError:
        return
    assert picture.dtype == np.uint8 and picture.ndim in (2, 3)
