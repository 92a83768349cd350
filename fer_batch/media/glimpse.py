"""A glimpse of a frame: so small that one of each frame can be kept, enough to see a cut.

Sixteen by twelve pixels of luma and eight by six of each chroma plane, as averages. Averages hardly
change where something moves, and change at once where another picture begins.
"""

from __future__ import annotations

import cv2
import numpy as np

from fer_batch.i420 import planes
from fer_batch.types import Frame, Image

LUMA, CHROMA = (16, 12), (8, 6)
LENGTH = LUMA[0] * LUMA[1] + 2 * CHROMA[0] * CHROMA[1]
# Pixels are left out down to about this many a cell each way: their mean is near enough.
FINE = 4


def glimpse(frame: Frame) -> Image:
    """``uint8[288]``: luma, then both chroma planes, row by row; all 0 where there is no picture.

    Values are those of the planes. A picture never is all 0, since grey chroma is 128.
    """
    if frame.image is None:
        return np.zeros(LENGTH, np.uint8)
    parts = []
    for plane, size in zip(planes(frame.image), (LUMA, CHROMA, CHROMA), strict=True):
        height, width = plane.shape
        down, across = max(1, height // (size[1] * FINE)), max(1, width // (size[0] * FINE))
        small = np.ascontiguousarray(plane[::down, ::across])
        parts.append(cv2.resize(small, size, interpolation=cv2.INTER_AREA).reshape(-1))
    return np.concatenate(parts)
