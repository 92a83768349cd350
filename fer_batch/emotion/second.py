"""A second network's opinion, and how it is joined with a model's own.

Joined as a logarithmic opinion pool (Genest and Zidek, 1986): logits are averaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    logits = (1 - opinion.share) * ops.log(ops.maximum(own, LEAST))
    logits = logits + opinion.share * log_softmax(ops, second)
    return ops.exp(log_softmax(ops, logits / opinion.temperature + shifts))


def log_softmax(ops: Any, logits: Any) -> Any:
    """The logarithms of probabilities ``[n, labels]`` whose logits these are."""
    centred = logits - ops.max(logits, axis=1, keepdims=True)
    return centred - ops.log(ops.sum(ops.exp(centred), axis=1, keepdims=True))
