"""The layout of a picture: three planes in one array, as decoders give and encoders take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fer_batch.types import Image

# Factor and offset from full range (0 to 255) to video range: luma 16 to 235, chroma 16 to 240
# (ITU-R BT.601).
VIDEO_LUMA = (219 / 255, 16.0)
VIDEO_CHROMA = (224 / 255, 128 * 31 / 255)


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
