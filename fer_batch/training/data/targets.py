"""What each head of a network is asked to learn from each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fer_batch.emotion.labels import FER2013, FERPLUS, THREE, Annotation
from fer_batch.errors import TrainingDataError, UsageError
from fer_batch.training.data.faceset import FaceSet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
    IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Head:
    """One output of a network: its labels, the annotation it learns from and its share of the loss.

    ``smoothing`` moves that much of each target to the uniform distribution (Szegedy et al., 2016),
    since FER2013's labels are wrong in about a third of the hard classes.
    """

    name: str
    labels: tuple[str, ...]
    source: Annotation = "fer2013"
    weight: float = 1.0
    smoothing: float = 0.0

    def to_json(self) -> dict[str, Any]:
        from dataclasses import asdict

        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Head:
        return cls(**{**data, "labels": tuple(data["labels"])})


def check_choice(chosen: Sequence[str], known: Sequence[str]) -> None:
    """Whether ``chosen`` emotions are two or more different ones of those ``known``.

    Raises:
        UsageError: they are not.
    """
    if not set(chosen) <= set(known) or len(set(chosen)) != len(chosen) or len(chosen) < 2:
        raise UsageError(f"--emotions: give two or more different ones of {', '.join(known)}")


def model_name(source: Annotation, labels: Sequence[str]) -> str:
    """``fer3``, ``ferplus8``: whose labels a model knows, and how many."""
    return f"{'ferplus' if source == 'ferplus' else 'fer'}{len(labels)}"


WHOLE = (
    Head("fer7", FER2013, "fer2013", 1.0, 0.1),
    Head("ferplus8", FERPLUS, "ferplus", 1.0, 0.0),
)
"""All labels of each annotation."""
JOINT = (*WHOLE, Head("fer3", THREE, "fer2013", 0.5, 0.1))
"""One trunk for the three shipped models."""


def targets(faces: FaceSet, head: Head) -> tuple[FloatArray, FloatArray]:
    """Distributions ``float32[n, labels]`` and weights ``float32[n]``: 0 where a row is silent."""
    import numpy as np

    if head.source == "ferplus":
        wanted, weight = _vote_targets(faces, head.labels)
    else:
        label = hard_labels(faces, head.labels, "fer2013")
        wanted = np.zeros((len(faces), len(head.labels)), np.float32)
        wanted[np.arange(len(faces)), label] = 1.0
        weight = (label >= 0).astype(np.float32)
    wanted = wanted * (1 - head.smoothing) + head.smoothing / len(head.labels)
    return wanted.astype(np.float32), weight


def _vote_targets(faces: FaceSet, labels: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    """Votes as distributions. A single vote of ten counts as a slip (as in Barsoum et al., 2016);
    a row weighs as much as the share of votes that went to the wanted labels."""
    import numpy as np

    votes = _votes(faces).astype(np.float32)
    votes = np.where(votes > 1, votes, 0.0)
    wanted = votes[:, [FERPLUS.index(label) for label in labels]]
    cast = wanted.sum(axis=1)
    share = cast / np.maximum(votes.sum(axis=1), 1)
    filled = np.where(cast[:, None] > 0, wanted / np.maximum(cast, 1)[:, None], 1 / len(labels))
    return filled.astype(np.float32), share.astype(np.float32)


def _votes(faces: FaceSet) -> NDArray[np.uint8]:
    if faces.votes is None:
        raise TrainingDataError("these labels are FER+ votes: name its fer2013new.csv (--fer-plus)")
    return faces.votes


def hard_labels(faces: FaceSet, labels: tuple[str, ...], source: Annotation) -> IntArray:
    """The one true label of each row as an index into ``labels``, ``int64[n]``; -1 for none.

    For FER+ that is the label with most votes; rows where most said 'unknown' or 'not a face', or
    where the majority is none of ``labels``, have none.
    """
    import numpy as np

    if source == "ferplus":
        order: tuple[str, ...] = (*FERPLUS, "unknown", "not a face")
        given = _votes(faces).argmax(axis=1)
    else:
        order = FER2013
        given = faces.emotion
    known = {name: i for i, name in enumerate(labels)}
    lookup = np.array([known.get(name, -1) for name in order] + [-1], dtype=np.int64)
    return lookup[given]
