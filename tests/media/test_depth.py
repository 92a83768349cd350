"""Pictures of 10, 12 and 14 bits are as bright as those of 8, whatever holds them."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.errors import NotMediaError
from fer_batch.media.depth import to_eight_bits
from fer_batch.media.image_decode import read_picture
from tests.footage.images import grey_png, tiff
from tests.footage.oracle import ffmpeg

WIDTH, HEIGHT = 96, 64
RAMP = "gradients=s=96x64:c0=black:c1=white:x0=0:y0=0:x1=95:y1=0:n=2:d=0.04"
WIDE = ("-f", "lavfi", "-i", f"{RAMP},format=gray16le", "-frames:v", "1")


def shown(path: Path) -> np.ndarray:
    """Brightness of the middle row, from left to right."""
    return read_picture(path, Limits()).bgr[HEIGHT // 2].mean(1)


def is_the_ramp(row: np.ndarray) -> bool:
    return bool(np.abs(row - np.linspace(0, 255, WIDTH)).max() < 12)


def ramp(most: int) -> np.ndarray:
    """``int[HEIGHT, WIDTH]``: 0 on the left, ``most`` on the right."""
    return np.tile(np.linspace(0, most, WIDTH).round().astype(int), (HEIGHT, 1))


@pytest.mark.parametrize("most", [1, 15, 100, 255, 1023, 4095, 65535])
def test_values_up_to_the_largest(most: int) -> None:
    values = ramp(most).astype(np.uint16)
    expected = np.round(values / most * 255)
    assert np.abs(to_eight_bits(values, most) - expected).max() <= 1
    assert to_eight_bits(np.array([most + 1], np.uint32).astype(np.uint16), most)[0] in (0, 255)


@pytest.mark.parametrize("form", ["gray", "gray10le", "gray12le", "gray14le", "gray16le"])
@pytest.mark.parametrize("suffix", ["jp2", "j2k"])
def test_grey_jpeg_2000_of_any_depth(suffix: str, form: str, tmp_path: Path) -> None:
    path = tmp_path / f"grey.{suffix}"
    coded = ("-c:v", "libopenjpeg", "-format", suffix, "-pix_fmt", form, "-f", "image2")
    ffmpeg(*WIDE, *coded, path)
    assert is_the_ramp(shown(path))


@pytest.mark.parametrize("form", ["yuv444p", "yuv444p10le", "yuv444p12le"])
def test_avif_of_any_depth_that_may_be_transparent(form: str, tmp_path: Path) -> None:
    path = tmp_path / "clear.avif"
    grey = {"yuv444p": "gray", "yuv444p10le": "gray10le", "yuv444p12le": "gray12le"}[form]
    planes = f"[0:v]split[a][b];[a]format={form}[c];[b]lutyuv=y=maxval,format={grey}[d]"
    coded = ("-c:v", "libaom-av1", "-still-picture", "1", "-crf", "4", "-cpu-used", "8")
    ffmpeg(*WIDE, "-filter_complex", planes, "-map", "[c]", "-map", "[d]", *coded, path)
    assert is_the_ramp(shown(path))


@pytest.mark.parametrize("most", [1023, 4095, 65535])
def test_a_tiff_says_its_largest_value(most: int, tmp_path: Path) -> None:
    values = ramp(most).astype("<u2").tobytes()
    path = tiff(tmp_path / "camera.tiff", WIDTH, HEIGHT, 16, values, {281: most})
    assert is_the_ramp(shown(path))


@pytest.mark.parametrize("suffix", ["tiff", "png"])
def test_twelve_bits_in_sixteen_without_a_word(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"camera.{suffix}"
    if suffix == "png":
        grey_png(path, ramp(4095), 16)
    else:
        tiff(path, WIDTH, HEIGHT, 16, ramp(4095).astype("<u2").tobytes())
    assert is_the_ramp(shown(path))
    colours = np.stack([ramp(4095), ramp(2000), ramp(0)], -1).astype(np.uint16)
    cv2.imwrite(str(path), colours)
    bgr = read_picture(path, Limits()).bgr[HEIGHT // 2, -1]
    assert bgr.tolist() == [255, 125, 0]


@pytest.mark.parametrize("most", [4096, 16383, 65535])
@pytest.mark.parametrize("suffix", ["tiff", "png"])
def test_whatever_is_lighter_has_sixteen_bits(most: int, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"dark.{suffix}"
    cv2.imwrite(str(path), ramp(most).astype(np.uint16))
    assert np.abs(shown(path) - ramp(most)[0] / 257).max() <= 1


def test_fewer_bits_than_twelve_are_brightened_as_twelve_are(tmp_path: Path) -> None:
    """So that one dark picture of a camera does not flicker among its others."""
    path = grey_png(tmp_path / "dark.png", ramp(800), 16)
    assert shown(path).max() == pytest.approx(800 / 4095 * 255, abs=1)
    assert shown(grey_png(tmp_path / "black.png", ramp(0), 16)).max() == 0


def test_colours_that_are_multiplied_already_are_not_multiplied_again(tmp_path: Path) -> None:
    """Half transparent white over white is white."""
    half = np.full((HEIGHT, WIDTH, 4), 32768, "<u2").tobytes()
    path = tiff(tmp_path / "half.tiff", WIDTH, HEIGHT, 16, half, {338: 1}, channels=4)
    assert read_picture(path, Limits()).bgr.min() >= 254


def test_numbers_that_may_be_negative_are_no_picture(tmp_path: Path) -> None:
    values = (ramp(65535) - 32768).astype("<i2").tobytes()
    path = tiff(tmp_path / "signed.tiff", WIDTH, HEIGHT, 16, values, {339: 2})
    with pytest.raises(NotMediaError, match=r"signed\.tiff: is a TIFF of numbers that may be neg"):
        read_picture(path, Limits())


def test_packed_bits_in_which_0_is_white_are_refused(tmp_path: Path) -> None:
    bits = np.unpackbits(ramp(4095).astype(">u2").view(np.uint8).reshape(HEIGHT, -1), axis=1)
    packed = np.packbits(bits.reshape(HEIGHT, WIDTH, 16)[..., 4:].reshape(HEIGHT, -1), axis=1)
    path = tiff(tmp_path / "packed.tiff", WIDTH, HEIGHT, 12, packed.tobytes())
    assert is_the_ramp(shown(path))
    path = tiff(tmp_path / "turned.tiff", WIDTH, HEIGHT, 12, packed.tobytes(), {262: 0})
    with pytest.raises(NotMediaError, match="of 12 bits in which 0 is white"):
        read_picture(path, Limits())


def test_what_is_cut_off_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "short.j2k"
    path.write_bytes(b"\xff\x4f\xff\x51" + struct.pack(">H", 47) + bytes(20))
    with pytest.raises(NotMediaError, match="damaged"):
        read_picture(path, Limits())
