"""What is transparent in an image lies over white."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from tests.footage.images import grey_png
from tests.media.plain_pictures import HEIGHT, WIDTH, assert_shown, grey, read_rgb, save, upright


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff", "avif", "jp2", "heic"])
def test_what_is_transparent_lies_over_white(suffix: str, tmp_path: Path) -> None:
    image = Pillow.fromarray(upright()).convert("RGBA")
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[: HEIGHT // 2] = 0
    alpha[HEIGHT // 2 :, WIDTH // 2 :] = 128
    image.putalpha(Pillow.fromarray(alpha))
    wanted = upright().astype(float)
    wanted[: HEIGHT // 2] = 255
    part = wanted[HEIGHT // 2 :, WIDTH // 2 :]
    wanted[HEIGHT // 2 :, WIDTH // 2 :] = part * 128 / 255 + 255 * (1 - 128 / 255)
    options = {"lossless": True} if suffix == "webp" else {}
    assert_shown(save(tmp_path / f"a.{suffix}", image, **options), wanted.astype(np.uint8), 6)


@pytest.mark.parametrize("suffix", ["png", "webp", "avif", "jp2", "heic"])
def test_what_is_transparent_all_over_is_opaque(suffix: str, tmp_path: Path) -> None:
    """Programs that know no transparency leave it at 0; of one colour alone nothing is hidden."""
    options = {"lossless": True, "exact": True} if suffix == "webp" else {}
    plain = np.full_like(upright(), 60)
    for number, (pixels, wanted) in enumerate(
        [(upright(), upright()), (plain, np.full_like(plain, 255))]
    ):
        image = Pillow.fromarray(pixels).convert("RGBA")
        image.putalpha(0)
        assert_shown(save(tmp_path / f"{number}.{suffix}", image, **options), wanted, 6)


def test_a_bitmap_whose_transparency_nobody_set_is_opaque(tmp_path: Path) -> None:
    """As Windows writes the pictures of its windows, with a header that says where alpha lies."""
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    pixels[..., :3] = upright()[::-1, :, ::-1]
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    size = 14 + 124
    header = struct.pack("<IiiHHIIiiII", 124, WIDTH, HEIGHT, 1, 32, 3, pixels.size, 0, 0, 0, 0)
    body = header + masks + b"BGRs" + bytes(124 - len(header) - len(masks) - 4) + pixels.tobytes()
    path = tmp_path / "a.bmp"
    path.write_bytes(b"BM" + struct.pack("<IHHI", 14 + len(body), 0, 0, size) + body)
    assert_shown(path, upright(), 0)


@pytest.mark.parametrize("suffix", ["png", "tiff", "jp2", "webp", "avif"])
def test_grey_that_may_be_transparent_is_read(suffix: str, tmp_path: Path) -> None:
    image = Pillow.fromarray(upright()).convert("LA")
    options = {"lossless": True} if suffix == "webp" else {}
    assert_shown(save(tmp_path / f"a.{suffix}", image, **options), grey(), 6)


def test_a_transparent_colour_of_a_palette_lies_over_white(tmp_path: Path) -> None:
    image = Pillow.fromarray(upright()).quantize(4)
    first = image.getpixel((WIDTH // 4, HEIGHT // 4))
    wanted = upright()
    wanted[: HEIGHT // 2, : WIDTH // 2] = 255
    path = save(tmp_path / "a.png", image, transparency=first)
    assert_shown(path, wanted, 6)


@pytest.mark.parametrize("hidden", [0, 1, "most"])
@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_a_transparent_grey_lies_over_white(depth: int, hidden: int | str, tmp_path: Path) -> None:
    most = (1 << depth) - 1
    clear = most if hidden == "most" else int(hidden)
    values = np.tile(np.linspace(0, most, 32).round().astype(int), (8, 1))
    values[:, 16:20] = clear
    path = grey_png(tmp_path / "a.png", values, depth, clear)
    wanted = np.where(values == clear, 255, values * 255 / most)
    assert np.abs(read_rgb(path).astype(int) - wanted[..., None]).max() <= 1
