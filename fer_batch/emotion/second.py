"""A second network's opinion, and how it is joined with a model's own.

Joined as a logarithmic opinion pool (Genest and Zidek, 1986): logits are averaged. The two steps of
it lie apart, since the second network is asked about some faces of a film only: ``alone`` is what
the model says where the second one says the same, ``added`` what that adds, and ``both_say``
joins them. Of all of them a row depends on that row alone, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

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


def joined(own: Floats, second: Floats, shifts: Floats, opinion: SecondOpinion) -> Floats:
    """Probabilities ``float[n, labels]`` from a model's ``own`` probabilities and the logits of the
    ``second`` network, ``float[n, labels]`` each. ``shifts float[labels]``: the opinion's."""
    return both_say(alone(own, shifts, opinion), added(own, second, opinion))


def alone(own: Floats, shifts: Floats, opinion: SecondOpinion) -> Floats:
    """Probabilities ``float[n, labels]`` of both where the second network says just what the model
    says: its ``own`` probabilities, calibrated as both together are. See ``joined``."""
    import numpy as np

    return np.exp(_log_softmax(_log(own) / opinion.temperature + shifts))


def added(own: Floats, second: Floats, opinion: SecondOpinion) -> Floats:
    """What the ``second`` network adds to the logarithms of ``alone``, ``float[n, labels]``: their
    mean over labels is 0. See ``joined``."""
    differ = (_log_softmax(second) - _log(own)) * (opinion.share / opinion.temperature)
    return differ - _total(differ) / differ.shape[1]


def both_say(said: Floats, differ: Floats) -> Floats:
    """What both networks say, ``float[n, labels]``, of faces of which the model ``said`` this
    (``alone``) and to which the second one adds that (``added``); where it is NaN, since the second
    one was not asked, what was said."""
    import numpy as np

    known = np.isfinite(differ).all(axis=1)
    # `alone` is never 0 but where it is too small for its type.
    least = np.finfo(said.dtype).tiny
    logits = np.log(np.maximum(said[known], least).astype(np.float64)) + differ[known]
    result = said.copy()
    result[known] = np.exp(_log_softmax(logits))
    return result


def _log(probabilities: Floats) -> Floats:
    import numpy as np

    return np.log(np.maximum(probabilities, LEAST))


def _log_softmax(logits: Floats) -> Floats:
    """The logarithms of probabilities ``float[n, labels]`` whose logits these are."""
    import numpy as np

    centred = logits - logits.max(axis=1, keepdims=True)
    return centred - np.log(_total(np.exp(centred)))


def _total(values: Floats) -> Floats:
    """The sum of each row, ``float[n, 1]``, column by column: NumPy adds up a row in another order
    where there are more of them, and what is said of a face must not depend on others."""
    total = values[:, :1].copy()
    for column in range(1, values.shape[1]):
        total += values[:, column : column + 1]
    return total
