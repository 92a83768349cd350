"""A second network's opinion, and how it is joined with a model's own.

Joined as a logarithmic opinion pool (Genest and Zidek, 1986): logits are averaged. The two steps of
it lie apart, since the second network is asked about some faces of a film only: ``alone`` is what
the model says where the second one says the same, ``added`` what that adds, and ``both_say``
joins them. ``joined`` is the same at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fer_batch.types import FloatArray

LEAST = 1e-7
"""Probabilities are taken for at least this, so that none is a certain no."""


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """How a second network's answers are joined with those of a model.

    ``share`` (0 to 1) is what the second network counts; ``temperature`` divides what comes of
    both, and ``shift`` by label is added to it: what calibrates it, and moves it to the shares that
    it is to assume, ``prior``.
    """

    share: float
    temperature: float
    shift: Mapping[str, float]
    prior: Mapping[str, float]

    @classmethod
    def from_json(cls, data: Mapping[str, Any], labels: tuple[str, ...]) -> SecondOpinion:
        """Reads what a card says of it.

        Raises:
            ValueError, KeyError, TypeError: values that cannot be.
        """
        read = cls(
            float(data["share"]),
            float(data["temperature"]),
            *(
                {str(label): float(value) for label, value in data[name].items()}
                for name in ("shift", "prior")
            ),
        )
        if not 0 <= read.share <= 1 or not 0.05 <= read.temperature <= 20:
            raise ValueError("second: share must be 0 to 1, and temperature 0.05 to 20")
        if set(read.shift) != set(labels) or set(read.prior) != set(labels):
            raise ValueError("second: shift and prior need a number for each label")
        return read

    def shifts(self, labels: tuple[str, ...]) -> list[float]:
        """``shift`` in the order of ``labels``."""
        return [self.shift[label] for label in labels]


def joined(ops: Any, own: Any, second: Any, shifts: Any, opinion: SecondOpinion) -> Any:
    """Probabilities ``[n, labels]`` from a model's ``own`` probabilities and the logits of the
    ``second`` network, ``[n, labels]`` each. ``ops``: numpy, or ``keras.ops`` for its tensors;
    ``shifts [labels]``: the opinion's shifts, as one of those."""
    logits = (1 - opinion.share) * _log(ops, own)
    logits = logits + opinion.share * log_softmax(ops, second)
    return ops.exp(log_softmax(ops, logits / opinion.temperature + shifts))


def alone(ops: Any, own: Any, shifts: Any, opinion: SecondOpinion) -> Any:
    """Probabilities ``[n, labels]`` of both where the second network says just what the model says:
    its ``own`` probabilities, calibrated as both together are. See ``joined``."""
    return ops.exp(log_softmax(ops, _log(ops, own) / opinion.temperature + shifts))


def added(ops: Any, own: Any, second: Any, opinion: SecondOpinion) -> Any:
    """What the ``second`` network adds to the logarithms of ``alone``, ``[n, labels]``: their mean
    over labels is 0. See ``joined``."""
    differ = (log_softmax(ops, second) - _log(ops, own)) * (opinion.share / opinion.temperature)
    return differ - ops.mean(differ, axis=1, keepdims=True)


def both_say(said: FloatArray, differ: FloatArray) -> FloatArray:
    """What both networks say, ``float32[n, labels]``, of faces of which the model ``said`` this
    (``alone``) and to which the second one adds that (``added``); where it is NaN, since the second
    one was not asked, what was said. A row depends on that row alone, bit for bit."""
    import numpy as np

    known = np.isfinite(differ).all(axis=1)
    # `alone` is never 0 but where it is too small for its type.
    least = np.finfo(said.dtype).tiny
    logits = np.log(np.maximum(said[known], least).astype(np.float64)) + differ[known]
    parts = np.exp(logits - logits.max(axis=1, keepdims=True))
    # Column by column: NumPy adds up a row in another order where there are more of them.
    total = sum(parts.T, np.zeros(len(parts)))
    result = said.copy()
    result[known] = parts / total[:, None]
    return result


def _log(ops: Any, probabilities: Any) -> Any:
    return ops.log(ops.maximum(probabilities, LEAST))


def log_softmax(ops: Any, logits: Any) -> Any:
    """The logarithms of probabilities ``[n, labels]`` whose logits these are."""
    centred = logits - ops.max(logits, axis=1, keepdims=True)
    return centred - ops.log(ops.sum(ops.exp(centred), axis=1, keepdims=True))
