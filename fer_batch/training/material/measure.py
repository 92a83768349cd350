"""From labelled photos and the pipeline's answers to one result: figures, intervals, groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fer_batch.errors import TrainingDataError, UsageError
from fer_batch.training.evaluate import Evaluation
from fer_batch.training.material.figures import figures, interval, resampled
from fer_batch.training.material.labels import Material
from fer_batch.training.material.operate import Operation, operation, parse_floor
from fer_batch.training.material.photos import Answers, ask

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PERSON = "person"
"""The column whose photos are drawn together in the bootstrap."""
THREE = ("happy", "sad", "neutral")


@dataclass(frozen=True, slots=True)
class Result:
    """What ``fer-batch evaluate FOLDER`` found. ``evaluation`` holds the photos that count: a face
    was found, and the label is one that the model knows; its ``rows`` are places in ``material``.

    ``figures`` and ``intervals`` by name as in ``material.figures``; ``three`` the same for happy,
    sad and neutral alone, where the model knows more; ``groups`` by column, then value.
    """

    material: Material
    answers: Answers
    evaluation: Evaluation
    figures: dict[str, float]
    intervals: dict[str, tuple[float, float] | None]
    three: dict[str, float] = field(default_factory=dict)
    groups: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    @property
    def found(self) -> float:
        return float(self.answers.found.mean())

    @property
    def left_out(self) -> dict[str, int]:
        """Photos by labels that the model does not know."""
        known = self.evaluation.labels
        return dict(Counter(label for label in self.material.labels if label not in known))

    def to_json(self) -> dict[str, Any]:
        """All of it; NaN becomes None."""
        return {
            "model": self.answers.card.name,
            "labels": list(self.evaluation.labels),
            "photos": len(self.material),
            "unreadable": list(self.answers.unreadable),
            "found": self.found,
            "left_out": self.left_out,
            "n": len(self.evaluation.truth),
            **_plain(self.figures, self.intervals),
            "confusion": self.evaluation.confusion.tolist(),
            "happy_sad_neutral": _plain(self.three, {}) if self.three else None,
            "by": self.groups,
        }


def measure(
    material: Material,
    model: str,
    by: Sequence[str] = (),
    runtime: str = "auto",
    progress: Callable[[int], None] = lambda done: None,
) -> Result:
    """Run the photos of ``material`` through the pipeline and compare with their labels.

    Raises:
        UsageError: a column of ``by`` is not in the table.
        TrainingDataError: no photo with a face has a label that the model knows.
    """
    import numpy as np

    for column in by:
        if column not in material.columns:
            there = ", ".join(material.columns) or "no further column"
            raise UsageError(f"--by {column}: the table has {there}")
    answers = ask(material.files, model, runtime, progress)
    labels = answers.card.labels
    place = {label: number for number, label in enumerate(labels)}
    truth = np.array([place.get(label, -1) for label in material.labels], np.int64)
    rows = np.flatnonzero(answers.found & (truth >= 0))
    if not len(rows):
        raise TrainingDataError(
            f"no photo with a face has one of the labels {', '.join(labels)}; the table has "
            f"{', '.join(sorted(set(material.labels)))}"
        )
    evaluation = Evaluation(labels, answers.probabilities[rows], truth[rows], rows)
    people = material.columns.get(PERSON)
    member = [people[r] if people else str(r) for r in rows]
    values, between = _with_intervals(evaluation, member)
    groups = {column: _groups(column, material, evaluation, answers.found, member) for column in by}
    return Result(material, answers, evaluation, values, between, _three(evaluation), groups)


def operate(result: Result, floor: str) -> Operation:
    """The prior of best mean recall with that ``floor``, as in ``neutral=0.93``.

    Raises:
        UsageError: not a floor, or a model that none can be found for.
    """
    evaluation = result.evaluation
    people = result.material.columns.get(PERSON)
    return operation(
        evaluation.probabilities,
        evaluation.truth,
        evaluation.labels,
        result.answers.card.prior,
        parse_floor(floor, evaluation.labels),
        [people[r] if people else str(r) for r in evaluation.rows],
    )


def _with_intervals(
    evaluation: Evaluation, member: Sequence[str]
) -> tuple[dict[str, float], dict[str, tuple[float, float] | None]]:
    import numpy as np

    drawn = resampled(member)
    known = (evaluation.probabilities, evaluation.truth, evaluation.labels)
    values = figures(*known, np.ones((1, len(evaluation.truth))))
    between = figures(*known, drawn)
    return (
        {name: float(value[0]) for name, value in values.items()},
        {name: interval(value) for name, value in between.items()},
    )


def _three(evaluation: Evaluation) -> dict[str, float]:
    """Figures of the rows that are happy, sad or neutral, the largest of these three counting."""
    import numpy as np

    if len(evaluation.labels) == 3 or not set(THREE) <= set(evaluation.labels):
        return {}
    place = [evaluation.labels.index(label) for label in THREE]
    rows = np.isin(evaluation.truth, place)
    if not rows.any():
        return {}
    truth = np.array([place.index(t) for t in evaluation.truth[rows]])
    chosen = evaluation.probabilities[rows][:, place]
    chosen = chosen / chosen.sum(axis=1, keepdims=True)
    values = figures(chosen, truth, THREE, np.ones((1, len(truth))))
    return {"n": float(len(truth)), **{name: float(value[0]) for name, value in values.items()}}


def _groups(
    column: str,
    material: Material,
    evaluation: Evaluation,
    found: NDArray[np.bool_],
    member: Sequence[str],
) -> dict[str, dict[str, Any]]:
    """Figures for each value of ``column``, largest groups first."""
    import numpy as np

    values = np.array(material.columns[column])
    people = np.array(member)
    groups = {}
    names, counts = np.unique(values, return_counts=True)
    for name in names[np.argsort(-counts, kind="stable")]:
        inside = values[evaluation.rows] == name
        here = {"photos": int((values == name).sum()), "found": float(found[values == name].mean())}
        part = Evaluation(
            evaluation.labels,
            evaluation.probabilities[inside],
            evaluation.truth[inside],
            evaluation.rows[inside],
        )
        here["n"] = len(part.truth)
        if len(part.truth):
            here |= _plain(*_with_intervals(part, people[inside].tolist()))
        groups[str(name)] = here
    return groups


def _plain(
    values: dict[str, float], between: dict[str, tuple[float, float] | None]
) -> dict[str, Any]:
    """Figures by name, recalls together, each interval beside its figure; NaN as None."""
    figures: dict[str, Any] = {"recall": {}}
    for name, value in values.items():
        known = None if value != value else value
        label = name.removeprefix("recall_")
        if label != name:
            figures["recall"][label] = known
        else:
            figures[name] = known
        if between.get(name) is not None:
            figures.setdefault("intervals", {})[name] = list(between[name] or ())
    return figures
