"""A gentle change of expression on a still portrait, by moving the corners of the mouth.

The picture is warped with a smooth displacement field; nothing is drawn. It is there to give the
demo's timeline something to show and says nothing about the person in the portrait.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fer_batch.demo.portraits import Portrait
    from fer_batch.types import Image


def express(portrait: Portrait, smile: float) -> Image:
    """The portrait with its mouth corners raised (``smile`` to 1) or lowered (to -1).

    Returns BGR ``uint8[h, w, 3]`` of the portrait's size.
    """
    if abs(smile) < 1e-3:
        return portrait.image
    import cv2
    import numpy as np

    height, width = portrait.image.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dx, dy = np.zeros_like(x), np.zeros_like(y)
    (right_x, right_y), (left_x, left_y) = portrait.mouth
    mouth = math.hypot(left_x - right_x, left_y - right_y)
    # Corners go up and outwards in a smile; the middle of the mouth goes a little the other way.
    for corner_x, corner_y, side in ((right_x, right_y, -1), (left_x, left_y, 1)):
        near = _bump(x, y, corner_x, corner_y, 0.34 * mouth)
        dx += near * side * max(smile, 0.0) * 0.10 * mouth
        dy -= near * smile * 0.17 * mouth
    middle = _bump(x, y, (right_x + left_x) / 2, (right_y + left_y) / 2, 0.30 * mouth)
    dy += middle * smile * 0.05 * mouth
    if smile < 0:
        for brow_x, brow_y in portrait.brows:
            dy += _bump(x, y, brow_x, brow_y, 0.25 * mouth) * smile * 0.10 * mouth
    # remap asks where each pixel comes from: the displacement backwards.
    warped: Image = cv2.remap(
        portrait.image, x - dx, y - dy, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return warped


def _bump(
    x: NDArray[np.float32], y: NDArray[np.float32], at_x: float, at_y: float, radius: float
) -> NDArray[np.float32]:
    import numpy as np

    square = (x - np.float32(at_x)) ** 2 + (y - np.float32(at_y)) ** 2
    return np.exp(-square / np.float32(2 * radius * radius))
