"""The prior under which a model finds most of each label, while one label keeps its recall.

Odds of labels may be multiplied by factors: what a model says under another prior (Saerens et al.,
2002). Here those are chosen on labelled photos, of best mean recall with a floor under one recall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fer_batch.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

STEPS = 41
WIDEST = 2.0
"""Shifts of logits are looked for up to this far, in steps of a tenth."""
AS_GOOD = 0.01
"""Mean recalls this far apart are one as good as the other: some hundred faces of the rarest label
tell no more."""
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Operation:
    """``prior`` by label; accuracy and recalls with it on the photos that it was chosen on, and the
    mean recall with priors chosen on four fifths of the people and measured on the rest."""

    prior: dict[str, float]
    accuracy: float
    recall: dict[str, float]
    mean_recall: float
    held_out_mean_recall: float

    def to_json(self) -> dict[str, Any]:
        from dataclasses import asdict

        return asdict(self)


def parse_floor(text: str, labels: Sequence[str]) -> tuple[str, float]:
    """``neutral=0.93`` as a label and a share.

    Raises:
        UsageError: something else.
    """
    name, _, share = text.partition("=")
    try:
        floor = float(share)
    except ValueError:
        floor = -1.0
    if name not in labels or not 0 <= floor <= 1:
        raise UsageError(f"--floor: {text!r} is not as in {labels[-1]}=0.93")
    return name, floor


def check_floor(text: str, labels: Sequence[str], there: Sequence[str]) -> None:
    """See that a prior with the floor ``text`` can be looked for, for a model with ``labels`` and
    photos with the labels ``there``.

    Raises:
        UsageError: not a floor, or not three labels that photos show.
    """
    parse_floor(text, labels)
    if len(labels) != 3:
        raise UsageError(f"--floor: is for models of three labels, this one has {len(labels)}")
    if missing := sorted(set(labels) - set(there)):
        raise UsageError(f"--floor: no photo has the label {' or '.join(missing)}")


def operation(
    probabilities: NDArray[np.floating],
    truth: Ints,
    labels: Sequence[str],
    prior: Mapping[str, float],
    floor: tuple[str, float],
    people: Sequence[str],
) -> Operation:
    """The best prior of a model whose probabilities assume ``prior``.

    Raises:
        UsageError: not three labels, or one that no photo shows, or no prior reaches the floor.
    """
    import numpy as np

    if len(labels) != 3 or set(truth.tolist()) != {0, 1, 2} or set(prior) != set(labels):
        raise UsageError("--floor: is for models of three labels, all of which photos show")
    logits = np.log(np.asarray(probabilities, np.float64) + 1e-9)
    kept = labels.index(floor[0])
    shift = best_shift(logits, truth, kept, floor[1])
    shares = np.array([prior[label] for label in labels]) * np.exp(shift)
    recalls = _recalls(logits + shift, truth)
    return Operation(
        {k: round(float(v), 3) for k, v in zip(labels, shares / shares.sum(), strict=True)},
        float(((logits + shift).argmax(axis=1) == truth).mean()),
        dict(zip(labels, recalls.tolist(), strict=True)),
        float(recalls.mean()),
        _held_out(logits, truth, kept, floor[1], people),
    )


def best_shift(logits: Floats, truth: Ints, kept: int, floor: float) -> Floats:
    """Of shifts ``float64[3]`` (0 for the label ``kept``) that leave it a recall of ``floor``, the
    one of best mean recall; of those that are as good within ``AS_GOOD`` the one with which most
    faces are right, and of those the smallest.

    Raises:
        UsageError: none does.
    """
    import numpy as np

    grid = np.linspace(-WIDEST, WIDEST, STEPS)
    others = [k for k in range(3) if k != kept]
    faces = np.bincount(truth, minlength=3)
    able: list[tuple[float, float, float, list[float]]] = []
    for one in grid:
        for other in grid:
            shift = np.zeros(3)
            shift[others] = one, other
            recalls = _recalls(logits + shift, truth)
            if recalls[kept] >= floor:
                right, size = float(recalls @ faces), abs(one) + abs(other)
                able.append((float(recalls.mean()), right, -size, shift.tolist()))
    if not able:
        raise UsageError(f"--floor: no prior reaches a recall of {floor:g}")
    least = max(recall for recall, *_ in able) - AS_GOOD
    return np.array(max(rest for recall, *rest in able if recall >= least)[-1])


def _recalls(logits: Floats, truth: Ints) -> Floats:
    import numpy as np

    right = logits.argmax(axis=1) == truth
    counts = np.bincount(truth, minlength=3)
    return np.bincount(truth, weights=right, minlength=3) / np.maximum(counts, 1)


def _held_out(logits: Floats, truth: Ints, kept: int, floor: float, people: Sequence[str]) -> float:
    import numpy as np

    _, member = np.unique(np.asarray(people), return_inverse=True)
    fold = np.random.default_rng(0).integers(0, FOLDS, int(member.max()) + 1)[member]
    moved = logits.copy()
    for number in range(FOLDS):
        rest = fold != number
        if set(truth[rest].tolist()) == {0, 1, 2}:
            moved[~rest] += best_shift(logits[rest], truth[rest], kept, floor)
    return float(_recalls(moved, truth).mean())
