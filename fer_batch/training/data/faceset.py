"""Labelled face images in memory, whatever file they came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    ByteArray = NDArray[np.uint8]
    IntArray = NDArray[np.int64]
    FloatArray = NDArray[np.float32]
    Mask = NDArray[np.bool_]

SIZE = 48
SPLITS = ("Training", "PublicTest", "PrivateTest")
VOTE_COLUMNS = 10


@dataclass(frozen=True, slots=True)
class FaceSet:
    """Parallel arrays, one row an image.

    ``images uint8[n, 48, 48]``; ``emotion int64[n]`` is an index into ``labels.FER2013`` and -1
    where the data gives none; ``split`` one of ``SPLITS``; ``votes uint8[n, 10]`` the FER+ votes
    (``labels.FERPLUS``, then unknown and not-a-face) or None; ``landmarks float32[n, 5, 2]`` in
    image pixels, NaN where no face was found, or None.
    """

    images: ByteArray
    emotion: IntArray
    split: NDArray[np.str_]
    votes: ByteArray | None = None
    landmarks: FloatArray | None = None

    def __post_init__(self) -> None:
        n = len(self.images)
        assert self.images.shape == (n, SIZE, SIZE), self.images.shape
        assert self.emotion.shape == (n,) and self.split.shape == (n,)
        assert self.votes is None or self.votes.shape == (n, VOTE_COLUMNS)
        assert self.landmarks is None or self.landmarks.shape == (n, 5, 2)

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: Any) -> FaceSet:
        """The rows of an index array, mask or slice."""
        return FaceSet(
            self.images[rows],
            self.emotion[rows],
            self.split[rows],
            None if self.votes is None else self.votes[rows],
            None if self.landmarks is None else self.landmarks[rows],
        )

    def of_split(self, split: str) -> FaceSet:
        """Only the rows of one split."""
        return self.take(self.split == split)
