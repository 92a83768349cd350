"""Targets from models that are already trained: distillation (Hinton et al., 2015).

A network that learns from another's answers beside the labels forgets less of what the noisy labels
get wrong, even where the teacher is an earlier state of itself ('born again', Furlanello et al.,
2018). Teachers are asked about each image once, beforehand (``Lesson``), or about each variant of
it that the student is shown (``training.tutor``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fer_batch.cores import usable_cores
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import Classifier
from fer_batch.errors import UsageError
from fer_batch.training.data.targets import Head
from fer_batch.training.teachers.answers import Answers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
    Targets = Mapping[str, FloatArray]


def hearing(labels: Sequence[str], heads: Sequence[Head]) -> dict[str, list[int]]:
    """By name the heads of just these labels; where theirs stand among them."""
    return {
        head.name: [labels.index(label) for label in head.labels]
        for head in heads
        if set(head.labels) == set(labels)
    }


def students(teacher: ModelCard, heads: Sequence[Head]) -> dict[str, list[int]]:
    """By name the heads of just the teacher's labels; where theirs stand among the teacher's.

    Raises:
        UsageError: there is no such head.
    """
    found = hearing(teacher.labels, heads)
    if not found:
        labels = ", ".join(teacher.labels)
        raise UsageError(f"--teacher {teacher.name}: no head has its labels, {labels}")
    return found


def name_and_kind(teacher: ModelCard) -> str:
    """As cards of models say whom they learned from: "fer7 (resnet-face)"."""
    return f"{teacher.name} ({teacher.training.get('architecture', 'unknown')})"


def blend(given: FloatArray, said: FloatArray, share: float) -> FloatArray:
    """``given`` moved towards what was ``said`` by ``share``."""
    return given * (1 - share) + said * share


@dataclass(frozen=True, slots=True)
class Lesson:
    """What teachers said of all images: by head name ``float32[n, labels]``, ``share`` of a target.

    Their answers are averaged over each image and its mirror image, which costs nothing here and
    would double the cost of every face later.
    """

    answers: Mapping[str, FloatArray]
    share: float

    def targets(self, given: Targets) -> dict[str, FloatArray]:
        """Targets of all images ``given`` by labels, by head name ``float32[n, labels]``, moved
        towards what teachers said of them."""
        taught = {name: blend(given[name], said, self.share) for name, said in self.answers.items()}
        return {**given, **taught}


def lesson(
    teachers: Sequence[Classifier],
    heads: Sequence[Head],
    images: NDArray[np.uint8],
    share: float,
    kept: Sequence[Answers] = (),
) -> Lesson:
    """Ask each teacher about ``images uint8[n, 48, 48]``; a head learns from those of its labels,
    and from those whose answers were ``kept`` in a file.

    They are asked side by side, since each keeps to one core.

    Raises:
        UsageError: a teacher, or a file of answers, knows only labels that no head has.
        TrainingDataError: a file of answers knows nothing of one of the images.
    """
    import numpy as np

    def answer(teacher: Classifier) -> FloatArray:
        return agreed([teacher.classify(side) for side in both_sides(images)])

    taught = [students(teacher.card, heads) for teacher in teachers]
    said: dict[str, list[FloatArray]] = {}
    with ThreadPoolExecutor(usable_cores()) as pool:
        for heard, both in zip(taught, pool.map(answer, teachers), strict=True):
            for name, order in heard.items():
                said.setdefault(name, []).append(both[:, order])
    for file in kept:
        for name, found in _of_file(file, heads, images).items():
            said.setdefault(name, []).extend(found)
    answers = {name: np.mean(all_, axis=0).astype(np.float32) for name, all_ in said.items()}
    return Lesson(answers, share)


def both_sides(images: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images ``uint8[n, 48, 48]`` and their mirror images."""
    import numpy as np

    return images, np.ascontiguousarray(images[:, :, ::-1])


def agreed(answers: Sequence[FloatArray]) -> FloatArray:
    """The geometric mean of several ``answers float32[n, labels]``; rows sum to 1."""
    import numpy as np

    both = np.exp(np.mean([np.log(answer + 1e-9) for answer in answers], axis=0))
    mean: FloatArray = (both / both.sum(axis=1, keepdims=True)).astype(np.float32)
    return mean


def _of_file(
    file: Answers, heads: Sequence[Head], images: NDArray[np.uint8]
) -> dict[str, list[FloatArray]]:
    """By name of a head what those teachers of a file said that have its labels."""
    said = file.of(images)
    found: dict[str, list[FloatArray]] = {}
    for teacher, labels in file.labels.items():
        for name, order in hearing(labels, heads).items():
            found.setdefault(name, []).append(said[teacher][:, order])
    if not found:
        known = "; ".join(", ".join(labels) for labels in file.labels.values())
        raise UsageError(f"--teacher: no head has the labels of the file of answers: {known}")
    return found
