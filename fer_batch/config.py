"""What a user may set, as plain values with the defaults that the documentation names.

``AnalyzeSettings`` change numbers, so they are part of a result's key. ``RenderSettings`` change
only pictures. ``Limits`` protect the machine from media made by strangers.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from fer_batch import door

# It says what most people would say (FER+ votes), where `fer3` follows FER2013's labels. Weights of
# eight bits are a quarter of the cost on CPUs. See docs/model-card.md.
DEFAULT_MODEL = "ferplus3-int8"
OUTPUTS = (
    "csv",
    "video",
    "gif",
    "plot",
    "summary",
    "report",
    "intervals",
    "people",
    "vtt",
    "eaf",
)
VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".wmv")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


# What a setting may be where others than the command line give it.
RANGES: dict[str, tuple[float, float]] = {
    "every": (1, 1e6),
    "grid": (1, 1e6),
    "fps": (1e-3, 1e4),
    "min_face": (0, 65536),
    "min_confidence": (0, 1),
    "smooth_s": (0, 1e6),
    "bridge_s": (0, 1e6),
    "ghost_s": (0, 1e6),
    "ghost_confidence": (0, 1),
    "threshold": (0, 1),
    "crf": (0, 63),
}


def fingerprint(value: Any) -> str:
    """SHA-256 (hex) of a JSON-able value, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


class _JsonSettings:
    """Settings travel between processes as JSON; unknown keys of newer versions are refused."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        if unknown := set(data) - known:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))[:200]}")
        return cls(**{name: _as_default(cls(), name, value) for name, value in data.items()})


def _as_default(settings: object, name: str, value: Any) -> Any:
    """``value`` if it is of the kind that the setting has by default: strangers write these too.

    Raises:
        Refused: it is of another kind.
    """
    default = getattr(settings, name)
    low, high = RANGES.get(name, (-math.inf, math.inf))
    if isinstance(default, bool):
        return door.flag(value, name)
    if isinstance(default, int):
        return door.whole(value, name, int(max(low, -(2**64))), int(min(high, 2**64)))
    if isinstance(default, float):
        return door.number(value, name, low, high)
    if isinstance(default, str):
        return door.text(value, name)
    if isinstance(default, tuple):
        return tuple(door.text(one, name) for one in door.rows(value, name, 1000))
    return value


@dataclass(frozen=True)
class AnalyzeSettings(_JsonSettings):
    """Everything that can change a number in ``timeline.csv``.

    ``min_face``: side of the smallest face to find, pixels of the upright frame; 0 means a 25th of
    the longer side. ``every``: analyse each n-th frame, the others are ``skipped``. ``grid``:
    detect on each n-th analysed frame and fill in between where neighbours agree, a face being
    missed only where it is there for less than that. ``fps``: frame
    rate given to folders of images. ``smooth_s``: time constant of the smoothing, seconds.
    ``bridge_s``: the longest miss that a box is carried over. ``ghost_s`` and ``ghost_confidence``:
    tracks shorter and less certain than both are dropped.
    """

    model: str = DEFAULT_MODEL
    detector: str = "yunet"
    detector_model: str = ""
    min_face: int = 0
    min_confidence: float = 0.6
    every: int = 1
    grid: int = 6
    fps: float = 25.0
    smooth_s: float = 0.25
    bridge_s: float = 0.5
    ghost_s: float = 0.4
    ghost_confidence: float = 0.8


@dataclass(frozen=True)
class RenderSettings(_JsonSettings):
    """How results are drawn. None of this needs inference again.

    ``labels``: the labels shown, all where empty. ``threshold``: an emotion is named from this
    probability on. ``gif_start_s``/``gif_stop_s``: seconds of the source to show instead of the
    chosen moments, where ``gif_stop_s`` is not 0. ``crf``: x264's quality, lower is better.
    """

    blur_faces: bool = False
    threshold: float = 0.0
    labels: tuple[str, ...] = ()
    gif_start_s: float = 0.0
    gif_stop_s: float = 0.0
    crf: int = 23
    preset: str = "superfast"


@dataclass(frozen=True)
class Limits(_JsonSettings):
    """Caps for media made by strangers: checked before pictures are decoded."""

    pixels: int = 8192 * 4352
    frames: int = 5_000_000
    duration_s: float = 24 * 3600.0
    streams: int = 64
    image_bytes: int = 256 * 1024 * 1024


@dataclass(frozen=True)
class RunSettings:
    """How this machine works; never part of a result's key."""

    device: str = "auto"
    runtime: str = "auto"
    batch_size: int = 32
    threads: int = 0
    segment_frames: int = 512
    outputs: tuple[str, ...] = OUTPUTS
    limits: Limits = field(default_factory=Limits)
