"""What a user may set, as plain values with the defaults that the documentation names.

``AnalyzeSettings`` change numbers, so they are part of a result's key. ``RenderSettings`` change
only pictures. ``Limits`` protect the machine from media made by strangers.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

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
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})


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
