"""What teachers said of training images, as a file: a training can learn from it without them.

A large teacher takes minutes to ask and hours to make again; its answers are a few hundred
kilobytes. Images are known by a hash, so any part of them, in any order, finds its answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.errors import TrainingDataError, UnreadableError, UsageError
from fer_batch.npz import read_npz, write_npz

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]

VERSION = 1
ENDING = ".npz"
LEVELS = 255
"""Probabilities are kept as whole parts of this: a target needs no more."""


@dataclass(frozen=True, slots=True)
class Answers:
    """By name of a teacher its ``labels`` and, for each image, its probabilities
    ``float32[n, labels]``; ``images uint64[n]`` are hashes (``hashes``). ``taught``: what each
    teacher was, for cards of models."""

    images: NDArray[np.uint64]
    labels: Mapping[str, tuple[str, ...]]
    probabilities: Mapping[str, FloatArray]
    taught: tuple[str, ...] = ()

    def of(self, images: NDArray[np.uint8]) -> dict[str, FloatArray]:
        """By teacher the answers about ``images uint8[n, 48, 48]``, ``float32[n, labels]``.

        Raises:
            TrainingDataError: one of the images is not among those that were asked about.
        """
        import numpy as np

        order = np.argsort(self.images)
        wanted = hashes(images)
        places = np.searchsorted(self.images, wanted, sorter=order)
        rows = order[np.minimum(places, len(order) - 1)]
        missing = int((self.images[rows] != wanted).sum()) if len(order) else len(wanted)
        if missing:
            raise TrainingDataError(
                f"{missing} of {len(wanted)} images are not among those that the teachers answered"
            )
        return {name: said[rows] for name, said in self.probabilities.items()}


def hashes(images: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Eight bytes of each image's SHA-256, ``uint64[n]``."""
    import numpy as np

    found = [hashlib.sha256(np.ascontiguousarray(i).tobytes()).digest()[:8] for i in images]
    return np.frombuffer(b"".join(found), "<u8").astype(np.uint64)


def check_ending(path: Path) -> None:
    """Raises:
    UsageError: by its ending ``path`` could not be told from a model.
    """
    if path.suffix != ENDING:
        raise UsageError(f"{path}: the file of answers must end in {ENDING}")


def write_answers(path: Path, answers: Answers) -> None:
    """Keep ``answers`` as ``path``, an ``.npz`` without pickles.

    Raises:
        UsageError: another ending.
        NoSpaceError, OutputPathError: it cannot be written.
    """
    import numpy as np

    check_ending(path)
    meta = {
        "format": VERSION,
        "labels": {name: list(labels) for name, labels in answers.labels.items()},
        "taught": list(answers.taught),
    }
    kept = {
        f"of_{name}": np.rint(said * LEVELS).astype(np.uint8)
        for name, said in answers.probabilities.items()
    }
    write_npz(path, meta, {"images": answers.images, **kept}, packed=True)


def read_answers(path: Path) -> Answers:
    """What ``write_answers`` kept.

    Raises:
        TrainingDataError: missing, damaged, or something else.
    """
    import numpy as np

    try:
        meta, arrays = read_npz(path, VERSION)
        labels = {str(name): tuple(map(str, found)) for name, found in meta["labels"].items()}
        images: NDArray[Any] = arrays["images"]
        kept = {name: arrays[f"of_{name}"] for name in labels}
        if images.dtype != np.uint64 or images.ndim != 1:
            raise ValueError("images are not hashes")
        if any(said.shape != (len(images), len(labels[n])) for n, said in kept.items()):
            raise ValueError("answers of another shape")
        taught = tuple(map(str, meta["taught"]))
    except (UnreadableError, KeyError, ValueError, AttributeError, TypeError):
        raise TrainingDataError(f"{path}: not a file of answers that can be read") from None
    return Answers(images, labels, {name: _whole(said) for name, said in kept.items()}, taught)


def _whole(kept: NDArray[np.generic]) -> FloatArray:
    import numpy as np

    said = kept.astype(np.float32)
    total: FloatArray = said / np.maximum(said.sum(axis=1, keepdims=True), 1)
    return total


def is_answers(teacher: str) -> bool:
    """Whether ``--teacher`` names a file of answers, not a model."""
    return Path(teacher).suffix == ENDING
