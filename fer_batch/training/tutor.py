"""Teachers that look over the pupil's shoulder: asked about just what it is shown.

A pupil that matches its teachers on the same shifted, tilted, half hidden image learns the function
that they are, rather than one answer for an image however it is changed ('consistent teaching',
Beyer et al., 2022). To ask all of them about every image would cost more than to train; yet the
loss is linear in its target, so one teacher drawn for each batch, asked about the images or about
their mirror images, pulls on average where the mean of all of them would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fer_batch.emotion.classifier import Classifier
from fer_batch.training.targets import Head
from fer_batch.training.teacher import blend, pupils

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tutors:
    """By head name the teachers it may hear, each with the order of the head's labels among the
    teacher's; their ``share`` of a target."""

    known: Mapping[str, Sequence[tuple[Classifier, list[int]]]]
    share: float

    def mixed(
        self,
        given: Mapping[str, FloatArray],
        rows: NDArray[np.int64],
        shown: NDArray[np.uint8],
        rng: np.random.Generator,
    ) -> dict[str, FloatArray]:
        """See ``Teaching.mixed``; what is said depends on how the images are shown, and on ``rng``
        who says it."""
        import numpy as np

        both = (shown, np.ascontiguousarray(shown[:, :, ::-1]))
        mixed = dict(given)
        for name, found in self.known.items():
            teacher, order = found[int(rng.integers(len(found)))]
            said = teacher.classify(both[int(rng.integers(2))])[:, order]
            mixed[name] = blend(given[name], said, self.share)
        return mixed


def tutors(teachers: Sequence[Classifier], heads: Sequence[Head], share: float) -> Tutors:
    """Each head hears all that know just its labels.

    Raises:
        UsageError: a teacher knows labels that no head has.
    """
    known: dict[str, list[tuple[Classifier, list[int]]]] = {}
    for teacher in teachers:
        for name, order in pupils(teacher, heads).items():
            known.setdefault(name, []).append((teacher, order))
    return Tutors(known, share)
