"""A picture as decoders give and encoders take it: three planes in one array, and their colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fer_batch.types import Image

# Factor and offset from full range (0 to 255) to video range: luma 16 to 235, chroma 16 to 240
# (ITU-R BT.601).
VIDEO_LUMA = (219 / 255, 16.0)
VIDEO_CHROMA = (224 / 255, 128 * 31 / 255)

# FFmpeg's numbers of matrices (ITU-T H.273): how luma and chroma are made of red, green and blue.
BT709, BT601, BT2020 = 1, 6, 9
Coefficients = tuple[float, float]
# Shares of red and blue in luma.
_SHARES: dict[int, Coefficients] = {
    BT709: (0.2126, 0.0722),
    4: (0.30, 0.11),
    7: (0.212, 0.087),
    BT2020: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}
HD = (1280, 720)


def coefficients(matrix: int) -> Coefficients:
    """Shares of red and blue in luma by that matrix; those of BT.601 where it is not known."""
    return _SHARES.get(matrix, (0.299, 0.114))


def usual_matrix(width: int, height: int) -> int:
    """The matrix of a video that names none, as players take it: BT.709 from HD on."""
    return BT709 if width >= HD[0] or height >= HD[1] else BT601


def to_rgb_rows(matrix: int, full_range: bool) -> list[list[float]]:
    """Three rows for red, green and blue from 0 to 255: factors of Y, Cb and Cr of 8 bits, and what
    is added."""
    kr, kb = coefficients(matrix)
    kg = 1 - kr - kb
    luma, chroma, black = (1.0, 1.0, 0) if full_range else (255 / 219, 255 / 224, 16)
    red, blue = (2 - 2 * kr) * chroma, (2 - 2 * kb) * chroma
    factors = ((0.0, red), (-blue * kb / kg, -red * kr / kg), (blue, 0.0))
    return [[luma, cb, cr, -luma * black - 128 * (cb + cr)] for cb, cr in factors]


class Planes(NamedTuple):
    """Views of one I420 picture: ``luma uint8[h, w]``, ``cb`` and ``cr uint8[h / 2, w / 2]``."""

    luma: Image
    cb: Image
    cr: Image


def planes(image: Image) -> Planes:
    """Views into ``uint8[h * 3 // 2, w]``; writing to them writes to the picture.

    Raises:
        ValueError: the picture is not contiguous, or its sides are not even.
    """
    height, width = image.shape[0] * 2 // 3, image.shape[1]
    if not image.flags.c_contiguous or height % 2 or width % 2 or image.shape[0] * 2 % 3:
        raise ValueError(f"not a whole I420 picture with even sides: {image.shape}")
    flat, size = image.reshape(-1), height * width
    half = (height // 2, width // 2)
    return Planes(
        flat[:size].reshape(height, width),
        flat[size : size * 5 // 4].reshape(half),
        flat[size * 5 // 4 :].reshape(half),
    )
