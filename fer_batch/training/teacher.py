"""Targets from models that are already trained: distillation (Hinton et al., 2015).

A network that learns from another's answers beside the labels forgets less of what the noisy labels
get wrong, even where the teacher is an earlier state of itself ('born again', Furlanello et al.,
2018). Its answers are averaged over each image and its mirror image, which costs nothing here and
would double the cost of every face later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fer_batch.emotion.classifier import Classifier
from fer_batch.errors import UsageError
from fer_batch.training.targets import Head

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What teachers said: by head name ``float32[n, labels]``, and their ``share`` of a target."""

    answers: Mapping[str, FloatArray]
    share: float

    def mixed(self, head: str, given: FloatArray) -> FloatArray:
        """Targets ``given`` from labels, moved towards the teacher's where there is one."""
        if head not in self.answers:
            return given
        return given * (1 - self.share) + self.answers[head] * self.share


def lesson(
    teachers: Sequence[Classifier],
    heads: Sequence[Head],
    images: NDArray[np.uint8],
    share: float,
) -> Lesson:
    """Ask each teacher about ``images uint8[n, 48, 48]``; a head learns from those of its labels.

    Raises:
        UsageError: a teacher knows labels that no head has.
    """
    import numpy as np

    said: dict[str, list[FloatArray]] = {}
    for teacher in teachers:
        pupils = [head for head in heads if set(head.labels) == set(teacher.card.labels)]
        if not pupils:
            raise UsageError(
                f"--teacher {teacher.card.name}: no head has its labels, "
                f"{', '.join(teacher.card.labels)}"
            )
        mirrored = np.ascontiguousarray(images[:, :, ::-1])
        logs = [np.log(teacher.classify(seen) + 1e-9) for seen in (images, mirrored)]
        both = np.exp(np.mean(logs, axis=0))
        both /= both.sum(axis=1, keepdims=True)
        for head in pupils:
            order = [teacher.card.labels.index(label) for label in head.labels]
            said.setdefault(head.name, []).append(both[:, order])
    answers = {name: np.mean(all_, axis=0).astype(np.float32) for name, all_ in said.items()}
    return Lesson(answers, share)
