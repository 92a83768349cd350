"""Figures of one evaluation, for many weightings of its rows at once: what a bootstrap needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fer_batch.training.metrics import BINS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

NEUTRAL = "neutral"
LEAST = 1e-6
"""Tables have six digits: what is less likely is not told apart, here as by whoever reads them."""
RESAMPLES = 1000
CONFIDENCE = 0.95


def figures(
    probabilities: NDArray[np.floating], truth: Ints, labels: Sequence[str], weights: Floats
) -> dict[str, Floats]:
    """By name ``float64[b]``, one value for each of ``weights float64[b, n]``; NaN where a figure
    has no rows to be computed from.

    ``accuracy``; ``recall_<label>`` and their mean over the labels that occur, ``mean_recall``;
    ``auc_<label>_neutral``, how well the two probabilities' ratio ranks faces of that label above
    neutral ones (0.5 is chance; no threshold and no prior changes it); ``ece``.

    ``probabilities [n, labels]``, ``truth int64[n]`` as indices into ``labels``.
    """
    import numpy as np

    said = np.asarray(probabilities, np.float64)
    right = said.argmax(axis=1) == truth
    result = {"accuracy": _share(weights, right, np.ones(len(truth), bool))}
    recalls = [_share(weights, right, truth == k) for k in range(len(labels))]
    result |= {f"recall_{label}": r for label, r in zip(labels, recalls, strict=True)}
    result["mean_recall"] = _mean_of_known(np.stack(recalls))
    if NEUTRAL in labels:
        neutral = labels.index(NEUTRAL)
        log = np.log(said + LEAST)
        for k, label in enumerate(labels):
            rows = (truth == k) | (truth == neutral)
            if k != neutral:
                score = (log[:, k] - log[:, neutral])[rows]
                result[f"auc_{label}_neutral"] = auc(score, truth[rows] == k, weights[:, rows])
    result["ece"] = calibration_error(said.max(axis=1), right, weights)
    return result


def _share(weights: Floats, right: NDArray[np.bool_], rows: NDArray[np.bool_]) -> Floats:
    return _ratio(weights[:, rows & right].sum(axis=1), weights[:, rows].sum(axis=1))


def _ratio(part: Floats, whole: Floats) -> Floats:
    import numpy as np

    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def _mean_of_known(values: Floats) -> Floats:
    """Mean over the first axis of what is not NaN."""
    import numpy as np

    known = np.isfinite(values)
    return _ratio(np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0).astype(np.float64))


def auc(score: Floats, positive: NDArray[np.bool_], weights: Floats) -> Floats:
    """How often a positive row scores above a negative one, ties counting half: ``float64[b]``."""
    import numpy as np

    if not positive.any() or positive.all():
        return np.full(len(weights), np.nan)
    order = np.argsort(score, kind="stable")
    score, weights = score[order], weights[:, order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(score) > 0]))
    high = np.add.reduceat(np.where(positive[order], weights, 0.0), starts, axis=1)
    low = np.add.reduceat(np.where(positive[order], 0.0, weights), starts, axis=1)
    won = (high * (np.cumsum(low, axis=1) - low / 2)).sum(axis=1)
    return _ratio(won, high.sum(axis=1) * low.sum(axis=1))


def calibration_error(
    confidence: Floats, right: NDArray[np.bool_], weights: Floats, bins: int = BINS
) -> Floats:
    """``metrics.expected_calibration_error`` for each weighting of the rows."""
    import numpy as np

    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    distance = np.zeros(len(weights))
    for number in range(bins):
        rows = place == number
        distance += np.abs(weights[:, rows] @ (confidence[rows] - right[rows]))
    return _ratio(distance, weights.sum(axis=1))


def resampled(groups: Sequence[str], seed: int = 0, count: int = RESAMPLES) -> Floats:
    """How often each row is drawn in each of ``count`` bootstrap samples: ``float64[count, n]``.

    Rows of one of ``groups`` (a person's photos) are drawn together, since they are not independent
    of each other; where there is only one group, rows are drawn by themselves.
    """
    import numpy as np

    _, member = np.unique(np.asarray(groups), return_inverse=True)
    kinds = int(member.max()) + 1
    if kinds == 1:
        member, kinds = np.arange(len(member)), len(member)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(kinds, np.full(kinds, 1 / kinds), size=count)
    return np.asarray(drawn[:, member], np.float64)


def interval(values: Floats, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Between which of the bootstrap's values that share lies (the percentile interval); None where
    too few samples have a value."""
    import numpy as np

    known = values[np.isfinite(values)]
    if len(known) < 0.9 * len(values):
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)
