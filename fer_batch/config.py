"""What a user may set, as plain values with the defaults that the documentation names.

``AnalyzeSettings`` change numbers, so they are part of a result's key. ``RenderSettings`` change
only pictures. ``Limits`` protect the machine from media made by strangers. Each field is declared
with its default, range and help text; commands, checks and ``docs/cli.md`` follow (``option``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from fer_batch.errors import UsageError
from fer_batch.option import Settings, option
from fer_batch.option_text import (
    check_crop,
    check_lines,
    check_names,
    check_seconds,
    parse_crop,
    parse_names,
    parse_seconds,
    parse_time,
    show_crop,
    show_seconds,
)
from fer_batch.person_name import RESERVED

# It says what most people would say (FER+ votes), where `fer3` follows FER2013's labels. Weights of
# eight bits are a quarter of the cost on CPUs. See docs/model-card.md.
DEFAULT_MODEL = "ferplus3-int8"
DETECTORS = ("yunet", "none")
IMAGES = ("auto", "photos", "frames")
IDENTITIES = ("input", "batch", "off")
SECOND_OPINIONS = ("auto", "on", "off")
DEVICES = ("auto", "cpu", "gpu")
RUNTIMES = ("auto", "litert", "keras")
DECODERS = ("auto", "cpu", "gpu")
ANALYZERS = ("auto", "grid", "batched")
PRECISIONS = ("float32", "float16")
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower")
# Also what OpenCV may allocate, whatever a header claims (see fer_batch/__init__.py).
MOST_PHOTO_PIXELS = 200_000_000


# What ``timeline.csv`` holds for who asks: degrees, see `pose`.
ANGLES = ("yaw", "pitch", "roll")
CLOCK = "clock"


def _check_columns(names: tuple[str, ...]) -> None:
    check_names(names)
    if not set(names) <= set(ANGLES):
        raise ValueError(f"may only name {', '.join(ANGLES)}")


def _check_blur(who: tuple[str, ...]) -> None:
    check_names(who)
    if len(who) > 1 and (both := [one for one in who if one.lower() in RESERVED]):
        raise ValueError(f"has {both[0]!r} beside others; give it alone")


@dataclass(frozen=True)
class AnalyzeSettings(Settings):
    """Everything that can change a number in ``timeline.csv``."""

    model: str = option(
        DEFAULT_MODEL,
        "Expression model: a name (`fer-batch models`) or the path of a card. fer3 and fer7 follow "
        "FER2013's labels and are for comparison with work on FER2013.",
    )
    second_opinion: str = option(
        "auto",
        "Whether a second network is asked, too, which takes four times as long as the first. auto "
        "asks it about each face in photos, and once a second in films; on about each face in "
        "each frame.",
        choices=SECOND_OPINIONS,
    )
    detector: str = option(
        "yunet", "Face detector; none takes each image as one face.", choices=DETECTORS
    )
    detector_model: str = option("", "Other weights for the detector (ONNX file).", form="PATH")
    min_face: int = option(
        0,
        "Side of the smallest face to find, pixels. 0: a 25th of the frame's longer side, "
        "a tenth of its shorter one where it is 2.5 times as long or more.",
        low=0,
        unset="a 25th of the longer side, at most a tenth of the shorter one",
    )
    min_confidence: float = option(
        0.6, "Detections less certain than this are not faces.", low=0.05, high=0.99
    )
    rotations: bool = option(
        False,
        "Find faces that lie sideways or upside down, too: pictures in which no face, or a "
        "doubtful one, is found upright are searched at 90, 180 and 270 degrees as well.",
    )
    every: int = option(1, "Analyse each n-th frame; the others are `skipped`.", low=1)
    fps: float = option(
        0.0,
        "Analyse so many frames a second of videos, whatever their own rate; 0: all of them.",
        low=0,
        high=1000,
        unset="all",
    )
    start_s: float = option(
        0.0,
        "Analyse videos from here on: seconds from the first frame, or H:MM:SS.",
        flag="from",
        low=0,
        parse=parse_time,
        form="TIME",
        unset="the beginning",
    )
    stop_s: float = option(
        0.0,
        "Analyse videos up to here: seconds, or H:MM:SS; 0: to the end.",
        flag="to",
        low=0,
        parse=parse_time,
        form="TIME",
        unset="the end",
    )
    crop: tuple[int, int, int, int] = option(
        (0, 0, 0, 0),
        "Analyse and show only this piece of videos: left, top, width, height in pixels.",
        parse=parse_crop,
        show=show_crop,
        check=check_crop,
        form="X,Y,W,H",
        unset="none",
    )
    video_track: int = option(
        0,
        "Number of the video track, from 1 on; 0: the one that players show.",
        low=0,
        high=64,
        unset="the one that players show",
    )
    max_faces: int = option(
        0,
        "Keep only so many faces of each frame, the largest; 0: all.",
        low=0,
        high=10_000,
        unset="all",
    )
    # Detect on each n-th analysed frame and fill in between where neighbours agree; a face is
    # missed only where it is there for less than that.
    grid: int = option(6, "Detect faces on each n-th analysed frame.", flag=None, low=1)
    images: str = option(
        "auto",
        "What images are: photos, each by itself, or frames of a film. auto says frames only where "
        "names count up, sizes are equal and neighbours look alike.",
        choices=IMAGES,
    )
    image_fps: float = option(
        25.0, "Frames per second of images that are frames of a film.", low=0.01, high=1000
    )
    identity: str = option(
        "input",
        "Who is who: input recognises people by their faces, so that face_id is one person of an "
        "input; batch does so across all inputs of a run as well (column person); off only follows "
        "faces from frame to frame.",
        choices=IDENTITIES,
    )
    # Photos of people who are known by name: checksum and file of each, see `jobs/item/who`.
    who: tuple[str, ...] = option(
        (), "Photos of people.", flag=None, check=check_lines, unset="nobody"
    )
    smooth_s: float = option(
        0.25, "Time constant of the smoothing, seconds.", flag="smooth", low=0, high=60
    )
    bridge_s: float = option(
        0.5, "Longest miss that a box is carried over, seconds.", flag=None, low=0
    )
    # Tracks that are both shorter and less certain than this are dropped.
    ghost_s: float = option(0.4, "Shortest uncertain track, seconds.", flag=None, low=0)
    ghost_confidence: float = option(
        0.8, "Tracks less certain than this are uncertain.", flag=None, low=0, high=1
    )

    def check_together(self) -> None:
        """Refuse two answers to one question."""
        if self.fps and self.every > 1:
            raise UsageError("--every and --fps both say which frames to analyse; give one of them")
        if self.stop_s and self.start_s >= self.stop_s:
            raise UsageError(f"--from {self.start_s:g} s is not before --to {self.stop_s:g} s")


@dataclass(frozen=True)
class RenderSettings(Settings):
    """How results are drawn, and what is kept of them. None of this needs inference again."""

    blur_faces: bool = option(
        False,
        "Make all faces unrecognisable, as --blur all does. --blur-faces=WHO is --blur WHO.",
    )
    blur: tuple[str, ...] = option(
        (),
        "Whose faces to make unrecognisable: all, others (everyone but the main person), or names "
        "and numbers of people, comma-separated.",
        parse=parse_names,
        check=_check_blur,
        form="WHO",
        unset="as blur_faces says",
    )
    threshold: float = option(
        0.0,
        "A face whose strongest label is below this probability is unsure: in the video, tables, "
        "shares, episodes and pages alike.",
        low=0,
        high=1,
    )
    labels: tuple[str, ...] = option(
        (),
        "Labels to draw, comma-separated; all if empty.",
        parse=parse_names,
        check=check_names,
        form="LABELS",
        unset="all",
    )
    columns: tuple[str, ...] = option(
        (),
        "More columns of the table: yaw, pitch, roll (degrees), comma-separated.",
        parse=parse_names,
        check=_check_columns,
        form="COLUMNS",
        unset="none",
    )
    clock: bool = option(
        False,
        "Add the column clock to the table: when each frame of a video was recorded (ISO 8601), by "
        "the creation time or timecode that the file holds.",
    )
    gif_range: tuple[float, float] = option(
        (0.0, 0.0),
        "Seconds of the input that the GIF shows instead of chosen moments.",
        parse=parse_seconds,
        show=show_seconds,
        check=check_seconds,
        form="START-STOP",
        unset="chosen moments",
    )
    keep_embeddings: bool = option(
        False,
        "With --identity batch: keep with the results what people are recognised by (biometric "
        "data), so that they are known in inputs that are added later.",
    )
    # The lines of edits.csv, read beside the results.
    edits: tuple[str, ...] = option(
        (), "Corrections by hand.", flag=None, check=check_lines, unset="none"
    )
    crf: int = option(23, "Quality of the video (x264), lower is better.", low=0, high=51)
    preset: str = option("superfast", "Speed of x264.", flag=None, choices=PRESETS)

    @property
    def blurs(self) -> bool:
        """Whether any face is made unrecognisable."""
        return bool(self.blur_faces or self.blur)

    def check_together(self) -> None:
        """Refuse two answers to one question."""
        if self.blur_faces and self.blur not in ((), ("all",)):
            raise UsageError("--blur-faces blurs everyone; give that or --blur, not both")


@dataclass(frozen=True)
class Limits(Settings):
    """Caps for media made by strangers: checked before pictures are decoded."""

    pixels: int = option(8192 * 4352, "Pixels of a frame.", flag=None, low=1)
    frames: int = option(5_000_000, "Frames of an input.", flag=None, low=1)
    duration_s: float = option(24 * 3600.0, "Length of an input, seconds.", flag=None, low=0)
    streams: int = option(64, "Streams of a container.", flag=None, low=1)
    image_bytes: int = option(256 * 1024 * 1024, "Size of an image file.", flag=None, low=1)
    photo_pixels: int = option(
        MOST_PHOTO_PIXELS, "Pixels of an image file; most are shrunk.", flag=None, low=1
    )
    photo_bytes: int = option(
        1200 << 20, "Memory that decoding an image file may take, bytes.", flag=None, low=1
    )


@dataclass(frozen=True)
class RunSettings(Settings):
    """How this machine works; never part of a result's key."""

    device: str = option("auto", "Where to find and classify faces.", choices=DEVICES, worker=True)
    runtime: str = option("auto", "Library that classifies faces.", choices=RUNTIMES, worker=True)
    analyzer: str = option(
        "auto",
        "How faces are found: grid searches some frames and fills in between, batched searches "
        "each frame with Keras, many at once. auto: batched on GPUs.",
        choices=ANALYZERS,
        worker=True,
    )
    batch_size: int = option(32, "Faces classified at once.", low=1, high=4096, worker=True)
    frame_batch: int = option(
        0,
        "Frames that the batched analyzer searches at once; 0: by their size.",
        low=0,
        high=1024,
        worker=True,
    )
    precision: str = option(
        "float32",
        "Numbers that the batched analyzer classifies with; those of 16 bits are for GPUs.",
        choices=PRECISIONS,
        worker=True,
    )
    decode: str = option(
        "auto",
        "Who decodes videos: gpu is an NVIDIA GPU's decoder (H.264, HEVC, VP8, VP9), and the CPU "
        "decodes what that refuses. auto: the GPU where faces are found on one.",
        choices=DECODERS,
        worker=True,
    )
    threads: int = option(
        0, "Threads for each codec; 0 leaves it to the codec.", flag=None, low=0, worker=True
    )
    # A source of one segment is encoded straight into its film, see docs/performance.md. The queue
    # has a default of its own (`jobs/settings.py`): there a segment is what one task does.
    segment_frames: int = option(
        1500, "Frames of a unit of work; never changes results.", low=1, hidden=True
    )
    parallel: int = option(
        0,
        "Inputs worked on at once, each in a process of its own; 0: as cores and memory allow.",
        low=0,
        high=256,
    )
    memory_mb: int = option(
        0,
        "Megabytes of memory that one input may take; 0: a fair share of the machine's.",
        low=0,
    )
    frames_mb: int = option(
        256,
        "Megabytes of decoded frames that may wait for being drawn, where one input is worked on "
        "at a time. 0: every input is decoded twice.",
        low=0,
    )
    limits: Limits = field(default_factory=Limits)

    @property
    def uses_gpu(self) -> bool:
        """Whether anything is to be done by a GPU."""
        return "gpu" in (self.device, self.decode)

    @property
    def decodes_on_gpu(self) -> bool:
        """Whether a GPU is to decode, where it can."""
        return self.decode == "gpu" or (self.decode == "auto" and self.device == "gpu")

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return super().from_json({**data, "limits": Limits.from_json(data.get("limits", {}))})
