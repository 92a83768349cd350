"""Numbers as the table shows them: fixed decimals, and probabilities that still sum to 1.

Probabilities are rounded to millionths by the method of largest remainders: a row's values sum to
exactly 1 and its strongest label stays the strongest.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_batch.config import ANGLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fer_batch.types import FloatArray, IntArray, Timeline

DECIMALS = {
    "time_s": 6,
    **dict.fromkeys("xywh", 2),
    "confidence": 4,
    "quality": 3,
    **dict.fromkeys(ANGLES, 1),
}
MILLION = 1_000_000


def fixed(values: NDArray[np.float64], decimals: int) -> list[str]:
    """Each number with ``decimals`` decimals, never "-0.00"; NaN is empty."""
    rounded = np.round(values, decimals) + 0.0
    text = list(map(f"{{:.{decimals}f}}".format, rounded.tolist()))
    for i in np.flatnonzero(np.isnan(values)).tolist():
        text[i] = ""
    return text


def to_millionths(probabilities: NDArray[np.float64]) -> IntArray:
    """Rows that sum to 1 as whole millionths ``int64[n, labels]`` that sum to 1,000,000.

    The first strongest label of a row stays its first strongest label, also where rounding would
    make a tie. Values that already are millionths come out unchanged.
    """
    if probabilities.size == 0:
        return np.zeros(probabilities.shape, dtype=np.int64)
    total = probabilities.sum(axis=1, keepdims=True)
    exact = np.maximum(probabilities, 0) / np.where(total > 0, total, 1) * MILLION
    whole = np.rint(exact).astype(np.int64)
    missing = MILLION - whole.sum(axis=1)
    # One too many or too few is what rounding makes of most rows.
    ones = np.flatnonzero(np.abs(missing) == 1)
    step = missing[ones]
    whole[ones, ((whole[ones] - exact[ones]) * step[:, None]).argmin(axis=1)] += step
    for row in np.flatnonzero(np.abs(missing) > 1).tolist():
        step = 1 if missing[row] > 0 else -1
        order = np.argsort((whole[row] - exact[row]) * step, kind="stable")
        whole[row, np.resize(order, abs(int(missing[row])))] += step
    best = probabilities.argmax(axis=1)
    for row in np.flatnonzero(whole.argmax(axis=1) != best).tolist():
        whole[row, whole[row].argmax()] -= 1
        whole[row, best[row]] += 1
    return whole


def as_shown(timeline: Timeline) -> Timeline:
    """``timeline`` with numbers of as many decimals as the table has, so that what is drawn, summed
    up and kept is what the table says. Writing it gives the same bytes as before."""

    def rounded(values: NDArray[Any], name: str) -> NDArray[np.float64]:
        found = np.round(values.astype(np.float64), DECIMALS[name]) + 0.0
        return found.astype(np.float64)

    def shares(values: FloatArray) -> FloatArray:
        return (to_millionths(values.astype(np.float64)) / MILLION).astype(np.float32)

    return replace(
        timeline,
        time_s=rounded(timeline.time_s, "time_s"),
        box=rounded(timeline.box, "x").astype(np.float32),
        confidence=rounded(timeline.confidence, "confidence").astype(np.float32),
        smoothed=shares(timeline.smoothed),
        raw=shares(timeline.raw),
        quality=rounded(timeline.quality, "quality").astype(np.float32),
    )
