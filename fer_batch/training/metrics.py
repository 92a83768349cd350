"""Figures that say how good probabilities are. Plain numpy, nothing of the networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.floating]
    IntArray = NDArray[np.int64]

BINS = 15


def softmax(logits: FloatArray, temperature: float = 1.0) -> NDArray[np.float64]:
    """Rows of ``logits [n, k]`` as probabilities ``float64[n, k]``."""
    import numpy as np

    scaled = np.asarray(logits, np.float64) / temperature
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def accuracy(probabilities: FloatArray, label: IntArray) -> float:
    """Share of rows whose strongest label is the true one; NaN for no rows."""
    if not len(label):
        return float("nan")
    return float((probabilities.argmax(axis=1) == label).mean())


def confusion(probabilities: FloatArray, label: IntArray) -> IntArray:
    """Counts ``int64[k, k]``: row true, column predicted."""
    import numpy as np

    kinds = probabilities.shape[1]
    cells = label * kinds + probabilities.argmax(axis=1)
    return np.bincount(cells, minlength=kinds * kinds).reshape(kinds, kinds).astype(np.int64)


def recalls(matrix: IntArray) -> list[float]:
    """Of each true label, the share that was found; NaN for labels that do not occur."""
    totals = matrix.sum(axis=1)
    return [
        float(matrix[i, i] / total) if total else float("nan") for i, total in enumerate(totals)
    ]


def precisions(matrix: IntArray) -> list[float]:
    """Of each predicted label, the share that was right; NaN for labels never predicted."""
    return recalls(matrix.T)


def reliability(
    probabilities: FloatArray, label: IntArray, bins: int = BINS
) -> tuple[NDArray[np.float64], NDArray[np.float64], IntArray]:
    """Mean confidence, accuracy and count by equal bins of confidence (0 to 1), each ``[bins]``.

    Empty bins hold 0 in all three.
    """
    import numpy as np

    confidence = np.asarray(probabilities.max(axis=1), np.float64)
    right = (probabilities.argmax(axis=1) == label).astype(np.float64)
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    filled = np.maximum(count, 1)
    said = np.bincount(place, weights=confidence, minlength=bins) / filled
    was = np.bincount(place, weights=right, minlength=bins) / filled
    return said, was, count.astype(np.int64)


def expected_calibration_error(
    probabilities: FloatArray, label: IntArray, bins: int = BINS
) -> float:
    """ECE (Naeini et al., 2015): mean distance of confidence and accuracy, weighted by count."""
    import numpy as np

    if not len(label):
        return float("nan")
    said, was, count = reliability(probabilities, label, bins)
    return float(np.abs(said - was) @ count / count.sum())


def log_loss(probabilities: FloatArray, label: IntArray) -> float:
    """Mean negative log probability of the true label, in nats."""
    import numpy as np

    if not len(label):
        return float("nan")
    return float(-np.log(np.maximum(probabilities[np.arange(len(label)), label], 1e-12)).mean())
