"""Faces of pictures, before anyone knows who is who."""

from __future__ import annotations

from dataclasses import dataclass

from fer_batch.columns import Column, Columns
from fer_batch.types.arrays import LEFT_OUT, NAN, FloatArray, HalfArray, Image, IntArray, check

DETECTIONS: Columns = {
    "box": Column("float32", (4,)),
    "confidence": Column("float32"),
    "landmarks": Column("float32", (5, 2)),
}
FACES: Columns = {
    "status": Column("int64", per="frame"),
    "glimpse": Column("uint8", ("glimpse",), per="frame", optional=True),
    "frame": Column("int64"),
    "box": Column("float32", (4,)),
    "confidence": Column("float32"),
    "landmarks": Column("float32", (5, 2), missing=NAN),
    "appearance": Column("float16", ("appearance",)),
    "probabilities": Column("float32", ("labels",)),
    "added": Column("float32", ("labels",), missing=NAN, optional=True),
    "quality": Column("float32", missing=NAN, optional=True),
}


@dataclass(frozen=True, slots=True)
class Detections:
    """Faces in one picture: ``box float32[n, 4]``, ``confidence float32[n]``,
    ``landmarks float32[n, 5, 2]`` (right eye, left eye, nose, right and left mouth corner)."""

    box: FloatArray
    confidence: FloatArray
    landmarks: FloatArray

    def __post_init__(self) -> None:
        check(self, DETECTIONS, 0)

    def __len__(self) -> int:
        return len(self.box)


@dataclass(frozen=True, slots=True)
class Views:
    """Kept pictures of some faces of a shard, that people are told apart by: ``row int64[v]``,
    which of its faces, rising; ``worth float32[v]``, how well a person can be told by it, above 0
    to 1; ``jpeg``, ``v`` pictures of 150 x 150 pixels."""

    row: IntArray
    worth: FloatArray
    jpeg: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not len(self.row) == len(self.worth) == len(self.jpeg):
            raise ValueError("Views: rows, worths and pictures differ in number")


@dataclass(frozen=True, slots=True)
class Faces:
    """All faces of a range of frames, before anyone knows who is who: a shard's content.

    ``start`` is the first frame; ``status int64[frames]`` a FrameStatus for each frame. Per face:
    ``frame int64[n]`` (ascending), ``box float32[n, 4]``, ``confidence float32[n]``,
    ``landmarks float32[n, 5, 2]``, ``appearance float16[n, d]`` (unit vectors that tell people
    apart; three digits are enough for a correlation), ``probabilities float32[n, labels]``,
    ``added float32[n, labels]`` (what a second network adds to the logarithms of ``probabilities``,
    NaN where it was not asked), ``quality float32[n]`` (0 to 1; NaN where it was not measured).
    ``glimpse uint8[frames, d]``: each frame in a few bytes, all 0 where it has no picture. What
    ``FACES`` calls optional may be left out. ``views``: what was kept to tell people apart by, None
    where nobody asked.

    Raises:
        ValueError: an array is of another type or shape.
    """

    start: int
    status: IntArray
    frame: IntArray
    box: FloatArray
    confidence: FloatArray
    landmarks: FloatArray
    appearance: HalfArray
    probabilities: FloatArray
    added: FloatArray = LEFT_OUT
    quality: FloatArray = LEFT_OUT
    glimpse: Image = LEFT_OUT
    views: Views | None = None

    def __post_init__(self) -> None:
        check(self, FACES, len(self.status))

    @property
    def stop(self) -> int:
        """One past the last frame."""
        return self.start + len(self.status)
