"""Red, green and blue of 4 to 6 bits each, packed into 16: screen recorders, old AVI, QuickTime.

FFmpeg's converter fills up with zeros, so that white becomes 248 and less, and takes some of those
with swapped bytes for noise.
"""

from __future__ import annotations

import re
from typing import Any

import av
import numpy as np

_PACKED = re.compile(r"(rgb|bgr)(444|555|565)(le|be)")


def unpacked(frame: Any) -> Any:
    """An ``av.VideoFrame`` with 8 bits a channel of a packed one; any other as it is."""
    packed = _PACKED.fullmatch(frame.format.name)
    if packed is None:
        return frame
    order, depths, end = packed.groups()
    plane = frame.planes[0]
    rows = np.frombuffer(plane, "<u2" if end == "le" else ">u2")
    values = rows.reshape(-1, plane.line_size // 2)[: frame.height, : frame.width]
    rgb = np.empty((frame.height, frame.width, 3), np.uint8)
    # From the lowest bits on: the last of the name first.
    for name, bits in zip(reversed(order), map(int, reversed(depths)), strict=True):
        most = (1 << bits) - 1
        shown = ((np.arange(most + 1) * 255 + most // 2) // most).astype(np.uint8)
        rgb[..., "rgb".index(name)] = shown[values & most]
        values = values >> bits
    whole = av.VideoFrame.from_ndarray(rgb, "rgb24")
    whole.color_range = frame.color_range
    return whole
