"""Teachers that look over the student's shoulder: asked about just what it is shown.

A student that matches its teachers on the same shifted, tilted, half hidden image learns the
function that they are, rather than one answer for an image however it is changed ('consistent
teaching', Beyer et al., 2022). To ask all of them about every image would cost more than to train;
yet the loss is linear in its target, so one teacher drawn for each batch, asked about the images or
about their mirror images, pulls on average where the mean of all of them would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fer_batch.emotion.card import ModelCard
from fer_batch.training.data.targets import Head
from fer_batch.training.teachers.panel import Panel, panels
from fer_batch.training.teachers.teacher import blend, students

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tutors:
    """By head name the teachers it may hear, each as a panel and the columns of its answers in the
    order of the head's labels; their ``share`` of a target."""

    known: Mapping[str, Sequence[tuple[Panel, list[int]]]]
    share: float

    def targets(
        self,
        given: Mapping[str, FloatArray],
        shown: NDArray[np.uint8],
        rng: np.random.Generator,
    ) -> dict[str, FloatArray]:
        """Targets ``given`` by labels, by head name ``float32[n, labels]``, moved towards what
        teachers say of the images as they are ``shown``, ``uint8[n, 48, 48]``; ``rng`` decides who
        is asked, and about which side."""
        import numpy as np

        # One draw for all heads: a panel that several of them hear is asked once.
        drawn = float(rng.random())
        seen = shown if rng.integers(2) else np.ascontiguousarray(shown[:, :, ::-1])
        said: dict[int, FloatArray] = {}
        taught = dict(given)
        for name, found in self.known.items():
            panel, columns = found[int(drawn * len(found))]
            if id(panel) not in said:
                said[id(panel)] = panel.answers(seen)
            taught[name] = blend(given[name], said[id(panel)][:, columns], self.share)
        return taught


def tutors(
    teachers: Sequence[ModelCard], heads: Sequence[Head], share: float, batch_size: int
) -> Tutors:
    """Each head hears all that know just its labels.

    Raises:
        UsageError: a teacher knows labels that no head has.
    """
    heard = {card.path: students(card, heads) for card in teachers}
    known: dict[str, list[tuple[Panel, list[int]]]] = {}
    for panel in panels(teachers, batch_size):
        for card, first in panel.members:
            for name, order in heard[card.path].items():
                columns = [first + place for place in order]
                known.setdefault(name, []).append((panel, columns))
    return Tutors(known, share)
