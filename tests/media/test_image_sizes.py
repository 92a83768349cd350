"""Images of any size are read with bounded work and memory, or refused before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from fer_batch.config import Limits
from fer_batch.errors import InputError, LimitError
from fer_batch.media import image_decode
from fer_batch.media.image_decode import read_picture, shrink_factor
from fer_batch.media.image_header import read_header
from tests.footage.images import png_of_two_sizes, tiff_of_two_sizes
from tests.media.plain_pictures import HEIGHT, LIMITS, WIDTH, quarters, save, upright


def test_large_photos_are_shrunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JPEG while it is decoded, others afterwards; the size that is told stays the file's."""
    monkeypatch.setattr(image_decode, "WORKING_PIXELS", WIDTH * HEIGHT // 3)
    for suffix in ("jpg", "png", "heic"):
        path = save(tmp_path / f"a.{suffix}", Pillow.fromarray(upright()))
        shown = read_picture(path, LIMITS)
        assert (shown.width, shown.height) == (WIDTH, HEIGHT)
        assert shown.bgr.shape == (HEIGHT // 2, WIDTH // 2, 3)
        assert np.allclose(quarters(shown.bgr[..., ::-1]), quarters(upright()), atol=8)


@given(st.integers(1, 1_000_000), st.integers(1, 1_000_000))
def test_what_is_worked_on_is_bounded(width: int, height: int) -> None:
    factor = shrink_factor(width, height)
    assert width * height <= image_decode.WORKING_PIXELS * factor**2
    assert max(width, height) <= image_decode.LONGEST_SIDE * factor
    half = factor // 2
    assert factor == 1 or (
        width * height > image_decode.WORKING_PIXELS * half**2
        or max(width, height) > image_decode.LONGEST_SIDE * half
    )


@pytest.mark.parametrize(("width", "height"), [(17_000, 1_500), (60_000, 10), (3, 40_000)])
def test_panoramas_are_read(width: int, height: int, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Pillow.new("RGB", (width, height), (10, 200, 30)).save(path)
    shown = read_picture(path, LIMITS)
    assert (shown.width, shown.height) == (width, height)
    assert max(shown.bgr.shape[:2]) <= image_decode.LONGEST_SIDE
    assert shown.bgr[0, 0].tolist() == [30, 200, 10]


def test_caps_are_told_before_a_pixel_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "long.png"
    Pillow.new("1", (1_100_000, 10)).save(path)
    with pytest.raises(LimitError, match=r"long\.png: 1100000x10 pixels: a side"):
        read_header(path, LIMITS)
    photo = save(tmp_path / "a.png", Pillow.fromarray(upright()))
    with pytest.raises(LimitError, match=r"a\.png: 96x64 pixels are more than"):
        read_header(photo, Limits(photo_pixels=1000))
    with pytest.raises(LimitError, match=r"take more than the 0 MiB of memory"):
        read_header(photo, Limits(photo_bytes=1000))
    with pytest.raises(LimitError, match="is larger than 0 MiB"):
        read_header(photo, Limits(image_bytes=10))


def test_a_png_or_tiff_of_two_sizes_is_refused(tmp_path: Path) -> None:
    """The header shows a small picture, the decoder would unpack a large one."""
    for path in (
        png_of_two_sizes(tmp_path / "two.png", 64, 20_000),
        tiff_of_two_sizes(tmp_path / "trap.png", 64, 20_000),
        tiff_of_two_sizes(tmp_path / "small.png", 64, 80),
    ):
        with pytest.raises(InputError, match=path.name):
            read_picture(path, LIMITS)
