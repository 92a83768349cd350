"""JPEG files that lack their last two bytes, the mark of their end, and nothing else: network
cameras and recorders write such. OpenCV gives no picture of them, as of files that are cut off."""

from __future__ import annotations

import re

import cv2
import numpy as np

from fer_batch.types import Image

END = b"\xff\xd9"
# Read as pixels, some of these give others than the rest, whatever codes and colours a file has.
FILLS = tuple(bytes(one) * 8 for one in ([0] * 4, [0x55] * 4, [0xAA] * 4, [0x1B, 0xE4, 0x72, 0x8D]))
NEAR_END = 16  # bytes at the end of a file that hold pixels, not what was never written
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")


def decode_without_end(data: bytes, flags: int) -> Image | None:
    """Pixels of a JPEG without its end, by OpenCV's ``flags``; None where pixels are missing.

    All of them are there where it makes no difference what follows, and a difference what the file
    ends with: one that was never written to its end may be filled up with zeros.
    """
    data = data.rstrip(b"\xff")  # the mark may be there by half
    whole = _same_whatever_follows(data, flags)
    if whole is None or _same_whatever_follows(data[:-NEAR_END], flags) is not None:
        return None
    return whole


def _same_whatever_follows(data: bytes, flags: int) -> Image | None:
    again = _next_restart(data)
    first: Image | None = None
    for fill in FILLS:
        filled = data + fill + again + fill + END
        pixels = cv2.imdecode(np.frombuffer(filled, np.uint8), flags)
        if pixels is None or (first is not None and not np.array_equal(first, pixels)):
            return None
        first = pixels
    return first


def _next_restart(data: bytes) -> bytes:
    """The mark at which a decoder begins anew that may wait for one: they count from 0 to 7."""
    seen = _RESTART.findall(data)
    return b"\xff" + bytes([0xD0 + (seen[-1][0] - 0xD0 + 1) % 8 if seen else 0xD0])
