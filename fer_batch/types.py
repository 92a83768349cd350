"""The types that travel between layers.

Arrays are structures of arrays: one row a face, parallel fields, checked once at construction by
the lists that stand here. An array more is a field and a line in such a list.
Boxes are ``x, y, w, h`` in pixels of the upright frame. Frames count from 0 in presentation order.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from fer_batch.columns import Column, Columns, checked, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

# As strings, so that numpy is not imported here.
IntArray: TypeAlias = "NDArray[np.int64]"
FloatArray: TypeAlias = "NDArray[np.float32]"
HalfArray: TypeAlias = "NDArray[np.float16]"
Image: TypeAlias = "NDArray[np.uint8]"
BoolArray: TypeAlias = "NDArray[np.bool_]"
# A film, images that are the frames of a film, or photos, each by itself.
SourceKind = Literal["video", "frames", "photos"]
LEFT_OUT: Any = None  # an optional array that construction fills with what stands for "unknown"
NAN = float("nan")
UNUSABLE = "unusable"  # stands for the status of a face that cannot be read
UNSURE = "unsure"  # stands for the label of a face whose strongest is below `--threshold`

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
    "quality": Column("float32", missing=NAN, optional=True),
}
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


class FrameStatus(IntEnum):
    """What became of one frame of the input."""

    OK = 0
    NO_FACE = 1
    SKIPPED = 2
    DECODE_ERROR = 3

    @property
    def text(self) -> str:
        """The word that stands in ``timeline.csv``."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What the container says of one input, read without decoding pictures.

    ``pts`` holds one entry a frame, in presentation order, in units of ``time_base`` seconds; it is
    the definition of "every frame of the input". ``width`` and ``height`` are of the upright frame.
    ``colour`` holds FFmpeg's numbers for range (1 video, 2 full), primaries, transfer, matrix.
    ``rotation`` is how many degrees clockwise (0, 90, 180, 270) stored pictures are turned to be
    upright; where they are ``flipped``, left and right are exchanged after that. Pixels of the
    upright frame are square, those that are stored need not be. ``joins``: of recordings
    joined end to end, for each but the first, by how many ticks it was moved to follow the one
    before, and the tick at which it begins then.
    ``files`` names the images, in order, where the input is images, relative to ``path``. Photos
    have no times: their ``pts`` count them. ``track``: number of the video track from 1 on, 0 for
    the one that players show. Of a part of a film, ``origin`` is the PTS of the film's first frame
    and ``left_out`` how many frames lie before the part; times count from the film's first frame.
    Of a piece of the picture, ``crop`` holds its left and top, and width and height of the whole.
    ``recorded`` is when the recording began (ISO 8601), ``timecode`` what its clock showed then,
    "" where the file does not say.
    """

    path: str
    name: str
    kind: SourceKind
    width: int
    height: int
    rotation: int
    time_base: Fraction
    pts: IntArray
    has_audio: bool = False
    codec: str = ""
    colour: tuple[int, int, int, int] = (1, 2, 2, 2)
    seekable: bool = True
    flipped: bool = False
    joins: tuple[tuple[int, int], ...] = ()
    track: int = 0
    origin: int | None = None
    left_out: int = 0
    crop: tuple[int, ...] = ()
    recorded: str = ""
    timecode: str = ""
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pts)

    def time_s(self, frame: int) -> float:
        """Seconds from the film's first frame to ``frame``."""
        return float((int(self.pts[frame]) - self.begin) * self.time_base)

    @property
    def begin(self) -> int:
        """PTS of the film's first frame."""
        return int(self.pts[0]) if self.origin is None else self.origin

    @property
    def start_s(self) -> float:
        """What a player of the annotated video shows when the film's first frame appears, seconds:
        its PTS. Players begin at 0 where that is negative, and so does the video of a part."""
        if self.origin is not None:
            return -self.time_s(0)
        return float(max(0, int(self.pts[0])) * self.time_base)

    @property
    def frame_s(self) -> float:
        """Median distance of two frames in seconds."""
        import numpy as np

        if len(self.pts) < 2:
            return 0.04
        return max(float(np.median(np.diff(self.pts)) * float(self.time_base)), 1e-6)

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the end of the last one."""
        if not len(self.pts):
            return 0.0
        return self.time_s(len(self.pts) - 1) - self.time_s(0) + self.frame_s


@dataclass(frozen=True, slots=True)
class Segment:
    """Frames ``start <= i < stop`` of one source. ``start`` lies on the detection grid."""

    index: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture, upright, as planar I420: never serialised.

    ``image`` is ``uint8[h * 3 // 2, w]`` with even ``w`` and ``h`` (odd sizes are padded by
    repeating the edge): the luma plane, then the two quarter-size chroma planes. ``image`` is None
    where the frame could not be decoded. Luma is in video range (16 to 235) unless ``full_range``.
    ``width`` and ``height`` are the true upright size, before padding. ``scale``: how many pixels
    of the source a pixel of the image stands for, 1 but for photos that were shrunk while they
    were decoded. ``matrix``: FFmpeg's number of how luma and chroma are made of colours.
    """

    index: int
    pts: int
    image: Image | None
    width: int = 0
    height: int = 0
    full_range: bool = False
    scale: float = 1.0
    matrix: int = 6

    @property
    def luma(self) -> Image:
        """``uint8[h, w]``, a view."""
        assert self.image is not None
        return self.image[: self.image.shape[0] * 2 // 3]


@dataclass(frozen=True, slots=True)
class Detections:
    """Faces in one picture: ``box float32[n, 4]``, ``confidence float32[n]``,
    ``landmarks float32[n, 5, 2]`` (right eye, left eye, nose, right and left mouth corner)."""

    box: FloatArray
    confidence: FloatArray
    landmarks: FloatArray

    def __post_init__(self) -> None:
        _check(self, DETECTIONS, 0)

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
    ``quality float32[n]`` (0 to 1; NaN where it was not measured). ``glimpse uint8[frames, d]``:
    each frame in a few bytes, all 0 where it has no picture. What ``FACES`` calls optional may be
    left out. ``views``: what was kept to tell people apart by, None where nobody asked.

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
    quality: FloatArray = LEFT_OUT
    glimpse: Image = LEFT_OUT
    views: Views | None = None

    def __post_init__(self) -> None:
        _check(self, FACES, len(self.status))

    @property
    def stop(self) -> int:
        """One past the last frame."""
        return self.start + len(self.status)


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
    time_s: NDArray[np.float64]
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
        _check(self, TIMELINE, len(self.status), labels=len(self.labels))
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


def _check(found: object, columns: Columns, frames: int, **known: int) -> None:
    """Check the arrays of a frozen type, and put in those that were left out."""
    given = {name: getattr(found, name) for name in columns}
    whole = checked(type(found).__name__, columns, given, frames, known)
    for name, array in whole.items():
        if given[name] is None:
            object.__setattr__(found, name, array)
