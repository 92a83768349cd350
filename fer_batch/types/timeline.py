"""Every frame of an input and every face in it: what all outputs are made of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fer_batch.columns import Column, Columns, named
from fer_batch.types.arrays import (
    LEFT_OUT,
    NAN,
    BoolArray,
    DoubleArray,
    FloatArray,
    HalfArray,
    IntArray,
    check,
)
from fer_batch.types.status import UNSURE, UNUSABLE, FrameStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

TIMELINE: Columns = {
    "status": Column("int64", per="frame"),
    "time_s": Column("float64", per="frame"),
    "cut": Column("bool", per="frame", missing=False, optional=True),
    "frame": Column("int64"),
    "face_id": Column("int64"),
    "track": Column("int64", missing=-1, optional=True),
    "box": Column("float32", (4,), mixed=True),
    "confidence": Column("float32"),
    "smoothed": Column("float32", ("labels",), mixed=True),
    "raw": Column("float32", ("labels",), mixed=True),
    "landmarks": Column("float32", (5, 2), missing=NAN, optional=True, mixed=True),
    "appearance": Column("float16", ("appearance",), optional=True),
    "quality": Column("float32", missing=NAN, optional=True, mixed=True),
    "unusable": Column("bool", missing=False, optional=True),
    "person": Column("int64", missing=-1, optional=True),
}


@dataclass(frozen=True, slots=True)
class Timeline:
    """Every frame of one input and every face in it, with identity and smoothed values.

    Per frame: ``status int64[frames]``, ``time_s float64[frames]`` from the first frame (NaN where
    there is no time), ``cut bool[frames]``: a new shot begins. Per face, ordered by frame, then
    face_id: ``frame``, ``face_id int64[n]`` (who it is in this input), ``track int64[n]`` (the
    unbroken sight of them that it belongs to, -1 where unknown), ``box float32[n, 4]``,
    ``confidence float32[n]`` (0 where the box was bridged over a short miss),
    ``smoothed float32[n, labels]`` and ``raw float32[n, labels]``; rows of both sum to 1.
    ``landmarks float32[n, 5, 2]`` (NaN where unknown) and ``appearance float16[n, d]`` as in
    ``Faces`` (zeros for bridged faces, ``d`` is 0 where it was not kept); ``quality float32[n]``
    (NaN: not measured), ``unusable bool[n]``: too bad to be read, its probabilities mean nothing
    (``readable`` leaves such out); ``person int64[n]``: who it is
    across inputs, -1 where nobody asked. What ``TIMELINE`` calls optional may be left out.
    ``files`` names each frame's file where the input is images, else it is empty. ``names`` by
    face_id (of photos: by person) and ``main``, the face_id of the main person (0: not said), are
    what a person said; ``hidden`` are faces (frame, x, y, w, h) that they took out, still in the
    picture. ``threshold``: the probability from which on a face is given its strongest label; below
    it the face is ``unsure``, in everything that is made of the timeline.

    Raises:
        ValueError: an array is of another type or shape.
    """

    name: str
    labels: tuple[str, ...]
    status: IntArray
    time_s: DoubleArray
    frame: IntArray
    face_id: IntArray
    box: FloatArray
    confidence: FloatArray
    smoothed: FloatArray
    raw: FloatArray
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    track: IntArray = LEFT_OUT
    landmarks: FloatArray = LEFT_OUT
    appearance: HalfArray = LEFT_OUT
    quality: FloatArray = LEFT_OUT
    unusable: BoolArray = LEFT_OUT
    person: IntArray = LEFT_OUT
    cut: BoolArray = LEFT_OUT
    names: Mapping[int, str] = field(default_factory=dict)
    main: int = 0
    hidden: tuple[tuple[int, float, float, float, float], ...] = ()
    threshold: float = 0.0

    def __post_init__(self) -> None:
        check(self, TIMELINE, len(self.status), labels=len(self.labels))
        if self.files and len(self.files) != len(self.status):
            raise ValueError(
                f"Timeline.files: names {len(self.files)} files of {len(self.status)} frames"
            )

    def __len__(self) -> int:
        return len(self.status)

    @property
    def is_photos(self) -> bool:
        """Whether the frames are photos, each by itself: images without times."""
        import numpy as np

        return bool(self.files) and bool(np.isnan(self.time_s).all())

    @property
    def last_frame_s(self) -> float:
        """How long the last frame lasts, seconds: as long as most do, 0.04 where none says."""
        import numpy as np

        steps = np.diff(self.time_s)
        steps = steps[np.isfinite(steps)]
        typical = float(np.median(steps)) if len(steps) else 0.0
        return typical if typical > 0 else 0.04

    @property
    def end_s(self) -> float:
        """When the last frame ends, seconds from the first; 0 without frames."""
        return float(self.time_s[-1]) + self.last_frame_s if len(self) else 0.0

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What a face may be called: a label or, where there is a threshold, ``unsure``."""
        return (*self.labels, UNSURE) if self.threshold > 0 else self.labels

    @property
    def emotion(self) -> IntArray:
        """What each face is called, as its place among the ``outcomes``, ``int64[n]``: the
        strongest smoothed label, if that reaches the threshold."""
        if not len(self.smoothed):
            return self.frame[:0]
        found = self.smoothed.argmax(axis=1)
        found[is_unsure(self.smoothed, self.threshold)] = len(self.labels)
        return found

    def called(self, face_id: int) -> str:
        """What a person is called in tables, pictures and pages: a name, or ``Person 3``."""
        return self.names.get(face_id) or f"Person {face_id}"

    def identities(self) -> IntArray:
        """Who each face is, ``int64[n]``, by the numbers that ``names`` has: ``face_id``. Photos
        count their faces anew each time: there it is ``person``, -1 for who was not recognised."""
        return self.person if self.is_photos else self.face_id

    @property
    def compared(self) -> bool:
        """Whether people were compared across inputs: some have a number there."""
        return bool((self.person >= 0).any())

    def of_faces(self, rows: NDArray[np.generic]) -> Timeline:
        """The same frames with the faces ``rows`` alone, in that order (or a mask of them)."""
        columns = {name: getattr(self, name)[rows] for name in named(TIMELINE, "face")}
        return replace(self, **columns)

    def in_order(self) -> Timeline:
        """The same faces by frame, then by face_id, as they have to be."""
        import numpy as np

        return self.of_faces(np.lexsort((self.face_id, self.frame)))

    def readable(self) -> Timeline:
        """The same frames without the faces that are ``unusable``: what is summed up and shown."""
        return self.of_faces(~self.unusable) if self.unusable.any() else self

    def faces_at(self, frame: int) -> slice:
        """Where the faces of ``frame`` lie in the per-face arrays."""
        start, stop = self.frame.searchsorted([frame, frame + 1])
        return slice(int(start), int(stop))

    def table(self) -> dict[str, NDArray[np.generic]]:
        """The columns of ``timeline.csv`` in order; each frame has at least one row.

        Numbers that a row has no value for are NaN, ``face_id`` is -1, words are empty. A face that
        cannot be read has the status ``unusable`` and no emotion.
        """
        import numpy as np

        empty = np.setdiff1d(np.arange(len(self)), self.frame)
        frame = np.concatenate([self.frame, empty])
        order = np.argsort(frame, kind="stable")
        frame = frame[order]

        def column(values: NDArray[np.generic], missing: object) -> NDArray[np.generic]:
            padded = np.concatenate([values, np.full(len(empty), missing, dtype=values.dtype)])
            return padded[order]

        words = np.array([*(s.text for s in FrameStatus), UNUSABLE])
        names = (
            np.array(self.outcomes)[self.emotion] if len(self.frame) else np.array([], dtype="U1")
        )
        unusable = column(self.unusable, False)
        columns: dict[str, NDArray[np.generic]] = {
            "frame": frame,
            "time_s": self.time_s[frame],
            "status": words[np.where(unusable, len(FrameStatus), self.status[frame])],
            "face_id": column(self.face_id, -1),
        }
        if self.compared:
            columns["person"] = column(self.person, -1)
        if self.names:
            given = np.array(
                [self.names.get(who, "") for who in self.identities().tolist()] or [""]
            )
            columns["name"] = column(given[: len(self.face_id)], "")
        columns |= {k: column(self.box[:, i], np.nan) for i, k in enumerate("xywh")}
        columns["confidence"] = column(self.confidence, np.nan)
        columns["emotion"] = np.where(unusable, "", column(names, ""))
        for suffix, values in (("", self.smoothed), ("_raw", self.raw)):
            for i, label in enumerate(self.labels):
                columns[label + suffix] = column(values[:, i], np.nan)
        columns["quality"] = column(self.quality, np.nan)
        if self.files:
            columns["file"] = np.array(self.files)[frame]
        return columns

    def to_pandas(self) -> pd.DataFrame:
        """The rows of ``timeline.csv`` as a data frame; ``face_id`` is nullable."""
        import pandas as pd

        data = pd.DataFrame(self.table())
        data["face_id"] = data["face_id"].astype("Int64").mask(data["face_id"] < 0)
        return data


def is_unsure(probabilities: FloatArray, threshold: float) -> BoolArray:
    """Whether the strongest of the probabilities along the last axis is below ``threshold``: the
    one rule of who is called ``unsure``."""
    unsure: BoolArray = probabilities.max(axis=-1) < threshold
    return unsure
