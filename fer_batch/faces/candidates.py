"""From YuNet's maps to faces, as OpenCV's FaceDetectorYN does it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from fer_batch.types import FloatArray

# Channels of a map: class, object, box, landmarks.
CLASS, OBJECT, BOX, LANDMARKS = 0, 1, slice(2, 6), slice(6, 16)
STRIDES = (8, 16, 32)
NMS_IOU = 0.3
MOST_CANDIDATES = 500


def faces(maps: Sequence[FloatArray], min_confidence: float) -> FloatArray:
    """The faces that a network saw, by falling confidence.

    Args:
        maps: for strides of 8, 16 and 32 pixels ``float32[h, w, 16]``: logits of class and object,
            centre and logarithm of the size of the box, five landmarks, all in strides.
        min_confidence: the geometric mean of both probabilities must reach it.

    Returns:
        ``float32[n, 15]``: x, y, w, h of the box, x and y of five landmarks, in pixels of the
        input, and the confidence.
    """
    pairs = zip(maps, STRIDES, strict=True)
    rows = [_candidates(each, stride, min_confidence) for each, stride in pairs]
    return without_doubles(np.concatenate(rows), min_confidence)


def without_doubles(rows: FloatArray, min_confidence: float) -> FloatArray:
    """The candidates ``float32[n, 15]`` that overlap no more certain one, by falling confidence
    (greedy suppression). ``rows`` are as ``faces`` returns them, none below ``min_confidence``."""
    if len(rows) < 2:
        return rows
    # Whole pixels, as OpenCV has them there.
    boxes = rows[:, :4].astype(np.int32).tolist()
    kept = cv2.dnn.NMSBoxes(
        boxes, rows[:, 14].tolist(), min_confidence, NMS_IOU, eta=1.0, top_k=MOST_CANDIDATES
    )
    return np.ascontiguousarray(rows[np.asarray(kept, np.int64).reshape(-1)])


def _candidates(found: FloatArray, stride: int, min_confidence: float) -> FloatArray:
    width = found.shape[1]
    flat = found.reshape(-1, found.shape[2])
    # Neither probability is above one, so each alone must reach the square.
    least = np.float32(_logit(min_confidence**2))
    likely = np.flatnonzero((flat[:, CLASS] >= least) & (flat[:, OBJECT] >= least))
    if not len(likely):  # as in most maps
        return np.empty((0, 15), np.float32)
    picked = flat[likely].astype(np.float32)
    confidence = np.sqrt(_sigmoid(picked[:, CLASS]) * _sigmoid(picked[:, OBJECT]))
    sure = confidence >= min_confidence
    picked, likely, confidence = picked[sure], likely[sure], confidence[sure]
    cell = np.stack([likely % width, likely // width], axis=1).astype(np.float32)
    rows = np.empty((len(likely), 15), np.float32)
    box = picked[:, BOX]
    size = np.exp(box[:, 2:]) * stride
    rows[:, 2:4] = size
    rows[:, :2] = (cell + box[:, :2]) * stride - size / 2
    landmarks = picked[:, LANDMARKS].reshape(-1, 5, 2) + cell[:, None]
    rows[:, 4:14] = landmarks.reshape(-1, 10) * stride
    rows[:, 14] = confidence
    return rows


def _sigmoid(values: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-values)), np.float32)


def _logit(probability: float) -> float:
    inside = min(max(probability, 1e-6), 1 - 1e-6)
    return float(np.log(inside / (1 - inside))) - 1e-3
