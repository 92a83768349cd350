"""Portable pixmaps (PBM, PGM, PPM), binary and plain, with any largest value.

Cameras and instruments write 10, 12 or 14 bits with the largest value in the header. OpenCV takes
it for 255 or 65535 whatever stands there, so that such pictures would be nearly black, and does not
read all plain ones.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from fer_batch.media.depth import to_eight_bits
from fer_batch.media.image_tags import FRONT
from fer_batch.types import Image

PLAIN_BITS, PLAIN, BITS, COLOUR = b"P1", (b"P1", b"P2", b"P3"), (b"P1", b"P4"), (b"P3", b"P6")
# A number with the blanks and comments before it.
_NUMBER = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])*(\d{1,7})")
_BLANKS = b" \t\r\n\v\f"
_DIGITS = bytes(i if chr(i) in "0123456789" else 32 for i in range(256))


def decode_pnm(data: bytes) -> Image:
    """``uint8[h, w]``, or ``[h, w, 3]`` BGR where the picture has colours.

    Raises:
        ValueError: no such picture, or one that ends early.
    """
    kind = data[:2]
    place, numbers = 2, []
    for _ in range(2 if kind in BITS else 3):
        found = _NUMBER.match(data, place, FRONT)
        if found is None:
            raise ValueError("no size or no largest value")
        numbers.append(int(found[1]))
        place = found.end()
    width, height, *rest = numbers
    if kind in BITS:
        return _bits(data, place, width, height, kind == PLAIN_BITS)
    (most,) = rest
    if not 0 < most < 1 << 16:
        raise ValueError("no largest value that there may be")
    count = width * height * (3 if kind in COLOUR else 1)
    grey = to_eight_bits(_values(data, place, count, most, kind in PLAIN), most)
    if kind not in COLOUR:
        return grey.reshape(height, width)
    return np.ascontiguousarray(grey.reshape(height, width, 3)[..., ::-1])


def _bits(data: bytes, place: int, width: int, height: int, plain: bool) -> Image:
    """Of pictures of black (1) and white (0)."""
    if plain:
        digits = data[place:].translate(None, _BLANKS)
        given = np.frombuffer(digits, np.uint8, width * height).reshape(height, width)
        white = (given != ord("1")).view(np.uint8)
    else:
        row = -(-width // 8)
        packed = np.frombuffer(data, np.uint8, row * height, place + 1).reshape(height, row)
        white = np.unpackbits(packed, axis=1, count=width)
        white ^= 1
    white *= 255  # in place: there may be 200 million
    return white


def _values(data: bytes, place: int, count: int, most: int, plain: bool) -> NDArray[np.uint16]:
    if plain:
        words = data[place:].translate(_DIGITS)  # whatever is no digit parts them
        values = np.fromstring(words, np.uint16, sep=" ")  # all: of fewer it would fill up
        if len(values) < count:
            raise ValueError("ends early")
        return values[:count]
    return np.frombuffer(data, ">u2" if most > 255 else np.uint8, count, place + 1)
