"""Pixels of an image file: upright, in sRGB, over white, and no more of them than are needed."""

from __future__ import annotations

import io
import threading
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_batch.config import Limits
from fer_batch.errors import InputError, NotMediaError
from fer_batch.media.alpha import shows_nothing
from fer_batch.media.depth import to_eight_bits
from fer_batch.media.hdr import named_wide, photo_to_709
from fer_batch.media.heif import decode_heif
from fer_batch.media.icc import to_srgb
from fer_batch.media.image_facts import ImageHeader
from fer_batch.media.image_header import header_of, read_bytes
from fer_batch.media.jpeg_end import decode_without_end
from fer_batch.media.pnm import decode_pnm
from fer_batch.types import Image

# A damaged image is our one line, not OpenCV's on stderr beside it.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

# Photos are worked on at no more pixels than this: a phone's 12 megapixels as they are, 48 and 200
# shrunk to 12. Faces that are found by default (a 25th of the longer side) have 160 pixels then.
WORKING_PIXELS = 1 << 24
LONGEST_SIDE = 16_384  # OpenCV warps pictures of up to 32,767 pixels, encoders take 16,384
_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
# How stored pixels are turned to be upright, by EXIF's orientation.
_TURNS = {
    3: cv2.ROTATE_180,
    4: cv2.ROTATE_180,
    5: cv2.ROTATE_90_CLOCKWISE,
    6: cv2.ROTATE_90_CLOCKWISE,
    7: cv2.ROTATE_90_COUNTERCLOCKWISE,
    8: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
_MIRRORED = (2, 4, 5, 7)
_DEEP = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
TWELVE_BITS = (1 << 12) - 1
DARKEST = -(-TWELVE_BITS // 256)  # of 255, rounded up: what 12 bits become that are taken for 16
STRIP = 1 << 22  # pixels that are blended at a time
# Threads decode side by side, but no two of them a picture that takes hundreds of megabytes.
_one_large = threading.Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """``bgr uint8[h, w, 3]``, and the size in pixels that the file has when it is shown."""

    bgr: Image
    width: int
    height: int


def shrink_factor(width: int, height: int) -> int:
    """By which power of two a picture of that size is shrunk: 1 up to 16 megapixels."""
    factor = 1
    while (
        width * height > WORKING_PIXELS * factor * factor
        or max(width, height) > LONGEST_SIDE * factor
    ):
        factor *= 2
    return factor


def read_picture(path: Path, limits: Limits) -> Picture:
    """The image at ``path``, ready to be searched.

    Raises:
        InputError: empty, no image that is read, damaged, or beyond the caps.
    """
    data = read_bytes(path, limits)
    header = header_of(io.BytesIO(data), path, limits)
    large = header.width * header.height > 2 * WORKING_PIXELS
    try:
        with _one_large if large else nullcontext():
            pixels = _decoded(data, header)
    except MemoryError:
        raise
    except Exception as error:  # whatever damaged bytes make of a decoder
        raise _damaged(path, header) from error
    if pixels is None:
        raise _damaged(path, header)
    if pixels.shape[:2] not in [_divided(header, factor) for factor in _REDUCED]:
        # The decoder found another size than the header names: a trap, or damage.
        raise _damaged(path, header)
    size = _divided(header, shrink_factor(header.width, header.height))
    bgr = _turned(_in_srgb(_shrunk(_opaque(pixels, header), size), header), header)
    return Picture(np.ascontiguousarray(bgr), *header.upright)


def _divided(header: ImageHeader, factor: int) -> tuple[int, int]:
    """Rows and columns as stored, shrunk by ``factor`` as libjpeg does, which rounds up."""
    return -(-header.height // factor), -(-header.width // factor)


def _damaged(path: Path, header: ImageHeader) -> InputError:
    return NotMediaError(
        f"{path}: is a damaged or unsupported {header.kind.upper()} image; export it again"
    )


def _decoded(data: bytes, header: ImageHeader) -> Image | None:
    """Pixels as stored: 1, 3 or 4 channels of 8 bits."""
    if header.kind == "heif":
        return decode_heif(data)
    if header.kind == "pnm":
        return decode_pnm(data)
    flags = cv2.IMREAD_COLOR
    if header.alpha or (header.most and header.kind == "tiff"):  # else cut to 8 bits by their type
        flags = cv2.IMREAD_UNCHANGED
    elif header.kind == "jpeg":
        flags = _REDUCED[min(shrink_factor(header.width, header.height), 8)]
    buffer = np.frombuffer(data, np.uint8)
    pixels: Image | None = cv2.imdecode(buffer, flags | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None and header.kind == "jpeg":
        pixels = decode_without_end(data, flags | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None and header.alpha:  # grey JPEG 2000: without its transparency
        pixels = cv2.imdecode(buffer, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    # 32 bits a channel, and JPEG 2000 that does not name its colours, are read only as they are.
    if pixels is None and (header.wide or header.kind == "jp2"):
        pixels = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
    if pixels is None:
        return None
    if header.wide and not header.alpha and not header.most and pixels.max(initial=0) <= DARKEST:
        pixels = _of_twelve_bits(buffer, pixels)
    shown = _eight_bits(pixels, header.most)
    if header.clear >= 0:
        shown[pixels == header.clear] = 255
    return shown


def _of_twelve_bits(buffer: NDArray[np.uint8], dark: Image) -> Image:
    """``dark``, or what it shows where the file holds 12 bits in 16 without a word, as cameras of
    science and industry write them: nothing in it is lighter than a sixteenth of the range. A
    picture of 16 bits that is as dark would be black to every eye. Fewer bits are not guessed, so
    that pictures of one camera are brightened alike."""
    deep = cv2.imdecode(buffer, _DEEP | cv2.IMREAD_IGNORE_ORIENTATION)
    if deep is None or deep.dtype != np.uint16 or deep.max(initial=0) > TWELVE_BITS:
        return dark
    return to_eight_bits(deep, TWELVE_BITS)


def _eight_bits(pixels: Image, most: int) -> Image:
    """Whole numbers by their range, those of 16 bits up to ``most`` where it is known; fractions as
    0 to 1 where they are, else as 0 to 255."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16 and most:
        return to_eight_bits(pixels, most)
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    values = np.nan_to_num(pixels.astype(np.float32))
    top = float(values.max(initial=0.0))
    scale = 255.0 if top <= 1.0 else 255.0 / top if top > 255.0 else 1.0
    return np.clip(values * scale, 0, 255).astype(np.uint8)


def _opaque(pixels: Image, header: ImageHeader) -> Image:
    """BGR, with what is transparent laid over white, a strip at a time."""
    if pixels.ndim == 2:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
    if pixels.shape[2] == 3:
        return pixels
    if shows_nothing(pixels[..., 3], *(pixels[..., one] for one in range(3))):
        return np.ascontiguousarray(pixels[..., :3])
    height, width = pixels.shape[:2]
    result = np.empty((height, width, 3), np.uint8)
    rows = max(1, STRIP // width)
    for top in range(0, height, rows):
        strip = pixels[top : top + rows].astype(np.uint16)
        colour, alpha = strip[..., :3], strip[..., 3:]
        if not header.multiplied:
            colour = (colour * alpha + 127) // 255
        result[top : top + rows] = np.minimum(colour + 255 - alpha, 255)
    return result


def _shrunk(bgr: Image, size: tuple[int, int]) -> Image:
    if bgr.shape[:2] == size:
        return bgr
    return cv2.resize(bgr, size[::-1], interpolation=cv2.INTER_AREA)


def _in_srgb(bgr: Image, header: ImageHeader) -> Image:
    if named_wide(header.primaries, header.transfer):
        return photo_to_709(bgr, header.primaries, header.transfer)
    if header.gamma:
        return np.asarray(cv2.LUT(bgr, _shown_as(header.gamma)))
    return to_srgb(bgr, header.icc)


def _shown_as(gamma: float) -> NDArray[np.uint8]:
    """What sRGB stores for each of the 256 values that hold light to the power of ``gamma``."""
    light = (np.arange(256) / 255) ** (1 / gamma)
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(coded * 255).astype(np.uint8)


def _turned(bgr: Image, header: ImageHeader) -> Image:
    if header.orientation in _TURNS:
        bgr = cv2.rotate(bgr, _TURNS[header.orientation])
    return cv2.flip(bgr, 1) if header.orientation in _MIRRORED else bgr
