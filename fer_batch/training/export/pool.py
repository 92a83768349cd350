"""Calibration: heads of one trunk, weighted and shifted so that their probabilities mean something.

With one head and no shift this is temperature scaling (Guo et al., 2017). With several it is a
logarithmic opinion pool (Genest and Zidek, 1986); since every head is linear in the same features,
the pool is linear as well and costs nothing at inference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fer_batch.training.metrics import expected_calibration_error, log_loss, softmax

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

SHIFT_PENALTY = 0.003
"""Fitted on one half of PublicTest and measured on the other, the better of 0.02 to 0.0003."""
AS_GOOD = 0.001
"""Log losses this share apart are one as good as the other on a few thousand rows."""
LEAST_WEIGHT = 0.05
"""Of a head that is alone: its temperature is 20 at most."""
SCALES = tuple(1 + step / 100 for step in range(-5, 6))


@dataclass(frozen=True, slots=True)
class Pool:
    """``logits = sum of weights[head] * head's logits + shift``, for ``labels`` in that order."""

    labels: tuple[str, ...]
    weights: dict[str, float]
    shift: tuple[float, ...]

    @property
    def temperature(self) -> float:
        """The one temperature that stands for the pool: 1 over the sum of its weights.

        That sum is 0 where no head knows anything; the temperature stays finite then.
        """
        return 1.0 / max(sum(self.weights.values()), LEAST_WEIGHT)

    def logits(self, heads: Mapping[str, FloatArray]) -> FloatArray:
        """Pools each head's ``[n, k]`` logits, columns already in the order of ``labels``."""
        import numpy as np

        parts = [weight * heads[name] for name, weight in self.weights.items()]
        return np.asarray(np.sum(parts, axis=0) + np.asarray(self.shift))


def fit_pool(
    heads: Mapping[str, FloatArray], labels: Sequence[str], truth: IntArray, shifts: bool = True
) -> Pool:
    """The pool of least log loss on ``truth int64[n]``; weights are not negative.

    Shifts sum to 0 and are held small, so that a rare class does not get a wild one.
    """
    import numpy as np
    from scipy.optimize import minimize

    names, kinds = list(heads), len(labels)

    def pool(x: FloatArray) -> Pool:
        shift = np.zeros(kinds)
        if shifts:
            shift = x[len(names) :] - x[len(names) :].mean()
        weights = dict(zip(names, map(float, x[: len(names)]), strict=True))
        return Pool(tuple(labels), weights, tuple(map(float, shift)))

    def cost(x: FloatArray) -> float:
        candidate = pool(x)
        penalty = SHIFT_PENALTY * float(np.square(candidate.shift).sum())
        return log_loss(softmax(candidate.logits(heads)), truth) + penalty

    def tempered(found: FloatArray) -> Pool:
        """Of temperatures that are as good by log loss, the one of least calibration error."""
        near = [np.concatenate([found[: len(names)] * s, found[len(names) :] * s]) for s in SCALES]
        limit = cost(found) * (1 + AS_GOOD)
        return min(
            (pool(x) for x in near if cost(x) <= limit),
            key=lambda p: expected_calibration_error(softmax(p.logits(heads)), truth),
        )

    start = np.concatenate([np.full(len(names), 1 / len(names)), np.zeros(kinds if shifts else 0)])
    bounds = [(0.0 if len(names) > 1 else LEAST_WEIGHT, 20.0)] * len(names)
    bounds += [(-3.0, 3.0)] * (kinds if shifts else 0)
    found = minimize(cost, start, method="L-BFGS-B", bounds=bounds)
    return tempered(found.x)
