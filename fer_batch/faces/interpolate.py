"""Faces between two detections that agree."""

from __future__ import annotations

import numpy as np

from fer_batch.types import Detections, FloatArray

# Two detections a few frames apart show one face where they overlap by this much (IoU).
AGREEING_IOU = 0.8
# and no landmark moves by more than this share of the box: else one of the two lies the other way.
AGREEING_MOVE = 0.25


def iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """Intersection over union ``float32[n, m]`` of boxes ``a [n, 4]`` and ``b [m, 4]``."""
    return paired_iou(a[:, None], b[None])


def paired_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """The same of each box of ``a [..., 4]`` and the one of ``b`` there: ``float32[...]``."""
    start = np.maximum(a[..., :2], b[..., :2])
    stop = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    shared = np.clip(stop - start, 0, None).prod(axis=-1)
    union = a[..., 2:].prod(axis=-1) + b[..., 2:].prod(axis=-1) - shared
    return np.asarray(shared / np.maximum(union, 1e-9))


def agree(first: Detections, last: Detections) -> list[int] | None:
    """For each face of ``first`` its place in ``last``; None where the two disagree.

    They agree if both hold as many faces, each overlaps exactly one of the other, and the same way
    up.
    """
    if len(first) != len(last):
        return None
    if len(first) == 0:
        return []
    overlaps = iou(first.box, last.box) >= AGREEING_IOU
    if not (overlaps.sum(axis=1) == 1).all() or not (overlaps.sum(axis=0) == 1).all():
        return None
    match = overlaps.argmax(axis=1)
    moved = np.abs(first.landmarks - last.landmarks[match]).max(axis=(1, 2))
    if (moved > AGREEING_MOVE * first.box[:, 2:].max(axis=1)).any():  # never where they are NaN
        return None
    return [int(place) for place in match]


def between(first: Detections, last: Detections, match: list[int], share: float) -> Detections:
    """Faces at ``share`` (0 to 1) of the way, in the order of ``first``."""

    def mix(a: FloatArray, b: FloatArray) -> FloatArray:
        return (a + (b[match] - a) * np.float32(share)).astype(np.float32)

    return Detections(
        mix(first.box, last.box),
        mix(first.confidence, last.confidence),
        mix(first.landmarks, last.landmarks),
    )
