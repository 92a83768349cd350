"""An input before anything is known of its faces: what its container says, a part, a picture."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from fer_batch.types.arrays import Image, IntArray

# A film, images that are the frames of a film, or photos, each by itself.
SourceKind = Literal["video", "frames", "photos"]


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
    ``aperture``: left, top, width and height of what the container names to be shown of stored
    pictures, then width and height of those; empty for all.
    ``changes``: pictures may change size or shape on the way.
    ``free_clock``: its clock begins anywhere (broadcasts, camcorders), and players take the first
    frame for the beginning. ``recorded`` is when the recording began (ISO 8601), ``timecode`` what
    its clock showed then, "" where the file does not say.
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
    aperture: tuple[int, ...] = ()
    changes: bool = False
    free_clock: bool = False
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
        its PTS. Players begin at 0 where that is negative, and so does the video of a part. Where
        the clock begins anywhere that frame is shown at 0."""
        if self.origin is not None:
            return -self.time_s(0)
        if self.free_clock:
            return 0.0
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
