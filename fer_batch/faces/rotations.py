"""Faces that lie sideways or upside down: the picture searched as if it were turned.

A detector of upright faces finds those that lean by up to about 40 degrees. Turned by one, two and
three right angles, the picture shows every face within about that. What is upside down it often
takes for upright, with the mouth where the eyes are, but is less sure of it than of the same face
turned: so not only pictures without faces are turned, and of two sights of a face the surer counts.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fer_batch.faces.interpolate import iou
from fer_batch.types import FloatArray, Image

# Whoever is less certain may lie the other way: of faces upside down none was taken for upright
# with more, of upright ones half have more (docs/quality.md).
SURE = 0.9
# A face that is seen at two turns: its boxes overlap by this much (IoU).
SAME_FACE = 0.3
_TURNS = {1: cv2.ROTATE_90_CLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_COUNTERCLOCKWISE}


def find_all(picture: Image, find: Callable[[Image], FloatArray]) -> FloatArray:
    """The faces that ``find`` sees in ``picture uint8[h, w, 3]`` as it is and, where it sees none
    or is not ``SURE`` of one, when it is turned.

    Returns ``float32[n, 15]`` in pixels of ``picture`` as it is: box (x, y, w, h), five landmarks
    (x, y), confidence; by falling confidence, each face once, from the turn at which it is surest.
    """
    upright = find(picture)
    if len(upright) and upright[:, 14].min() >= SURE:
        return upright
    size = (picture.shape[1], picture.shape[0])
    turned = [
        turned_back(find(cv2.rotate(picture, turn)), quarters, *size)
        for quarters, turn in _TURNS.items()
    ]
    found = np.concatenate([upright, *turned])
    return distinct(found[np.argsort(-found[:, 14], kind="stable")])


def turned_back(found: FloatArray, quarters: int, width: int, height: int) -> FloatArray:
    """Faces ``float32[n, 15]`` of a picture that was turned clockwise by ``quarters`` right angles,
    as they lie in the picture of ``width`` and ``height`` before that. Which eye is the right one
    does not depend on it."""
    corners = np.concatenate([found[:, :2], found[:, :2] + found[:, 2:4]], axis=1)
    points = np.concatenate([corners, found[:, 4:14]], axis=1).reshape(len(found), 7, 2)
    x, y = points[..., 0], points[..., 1]
    back = {1: (y, height - x), 2: (width - x, height - y), 3: (width - y, x)}[quarters]
    points = np.stack(back, axis=-1).astype(np.float32)
    result = found.copy()
    low, high = points[:, :2].min(axis=1), points[:, :2].max(axis=1)
    result[:, :2], result[:, 2:4] = low, high - low
    result[:, 4:14] = points[:, 2:].reshape(len(found), 10)
    return result


def distinct(found: FloatArray) -> FloatArray:
    """``found float32[n, 15]``, by falling confidence, without those that overlap a surer one."""
    kept: list[int] = []
    for place in range(len(found)):
        if not kept or iou(found[place : place + 1, :4], found[kept, :4]).max() < SAME_FACE:
            kept.append(place)
    return found[kept]
