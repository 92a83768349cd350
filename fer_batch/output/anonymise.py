"""Makes faces unrecognisable, for good: the detail is gone from the picture, not covered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fer_batch.output.sprite import Planes
    from fer_batch.types import FloatArray

MARGIN = 0.3
CELLS = 6


def blur_faces(target: Planes, boxes: FloatArray) -> None:
    """Replace each face by a few blocks of mean colour, smoothly joined, within an ellipse.

    The ellipse reaches ``MARGIN`` of the box beyond it on each side, over hair, ears and chin.
    What is left of a face is ``CELLS`` x ``CELLS`` means, whatever its size, which is far below
    what recognition by people or programs needs; nothing of the rest can be computed back.

    Args:
        boxes: ``float32[n, 4]``, x, y, w, h in pixels; partly or wholly outside is fine.
    """
    import cv2

    height, width = target.luma.shape
    for x, y, w, h in boxes.astype(np.float64):
        left = 2 * int((x - MARGIN * w) // 2)
        top = 2 * int((y - MARGIN * h) // 2)
        right = 2 * int(-((x + w + MARGIN * w) // -2))
        bottom = 2 * int(-((y + h + MARGIN * h) // -2))
        seen = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
        if seen[0] >= seen[2] or seen[1] >= seen[3]:
            continue
        for plane, unit in ((target.luma, 1), (target.cb, 2), (target.cr, 2)):
            x0, y0, x1, y1 = (value // unit for value in seen)
            face = plane[y0:y1, x0:x1]
            size = (x1 - x0, y1 - y0)
            cells = (min(CELLS, size[0]), min(CELLS, size[1]))
            small = cv2.resize(face, cells, interpolation=cv2.INTER_AREA)
            smooth = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
            mask = np.zeros((size[1], size[0]), dtype=np.uint8)
            centre = ((left + right) / 2 / unit - x0, (top + bottom) / 2 / unit - y0)
            axes = ((right - left) / unit, (bottom - top) / unit)
            cv2.ellipse(mask, (centre, axes, 0.0), 255, cv2.FILLED)
            cv2.copyTo(smooth, mask, face)
