"""Smoothing of one track's probabilities over time."""

from __future__ import annotations

import numpy as np

from fer_batch.types import FloatArray


def smooth(values: FloatArray, time_s: np.ndarray, constant_s: float) -> FloatArray:
    """Mean of ``values [n, labels]`` weighted by ``exp(-|dt| / constant_s)``, without delay.

    ``time_s float64[n]`` strictly rising, so variable frame rates are weighted rightly. Computed
    by one recursion forward and one backward; rows that sum to 1 still do. ``constant_s`` of 0
    returns the values as they are.
    """
    if constant_s <= 0 or len(values) < 2:
        return values.copy()
    decay = np.exp(-np.diff(time_s) / constant_s)
    weighted = np.hstack([values.astype(np.float64), np.ones((len(values), 1))])
    forward, backward = weighted.copy(), weighted.copy()
    for i in range(1, len(values)):
        forward[i] += decay[i - 1] * forward[i - 1]
    for i in range(len(values) - 2, -1, -1):
        backward[i] += decay[i] * backward[i + 1]
    total = forward + backward - weighted
    smoothed = total[:, :-1] / total[:, -1:]
    return smoothed.astype(np.float32)
