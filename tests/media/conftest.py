"""One video of every kind that is supported."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from tests.footage import broken, pictures, videos
from tests.footage.videos import Recipe

FRAMES = 50
MILLI = Fraction(1, 1000)
# Phones write times like these: 20 to 60 ms apart, never the same twice in a row.
JITTER = tuple(i * 40 + i * i % 17 for i in range(FRAMES))

CONTAINERS = {
    "mp4": ("h264", "hevc", "vp9", "mpeg4"),
    "mov": ("h264", "hevc", "mpeg4"),
    "mkv": ("h264", "hevc", "vp9", "mpeg4"),
    "avi": ("h264", "mpeg4"),
    "webm": ("vp9",),
}
KINDS: dict[str, tuple[str, Recipe]] = {
    f"{codec}.{suffix}": (suffix, Recipe(codec=codec, sound=codec == "h264"))
    for suffix, codecs in CONTAINERS.items()
    for codec in codecs
} | {
    "b-frames.mp4": ("mp4", Recipe(b_frames=3)),
    "b-frames.avi": ("avi", Recipe(b_frames=2)),
    "b-frames.mkv": ("mkv", Recipe(b_frames=3)),
    "variable rate.mp4": ("mp4", Recipe(pts=JITTER, time_base=MILLI, b_frames=2)),
    "variable rate.mkv": ("mkv", Recipe(pts=JITTER, time_base=MILLI)),
    "ntsc.mp4": ("mp4", Recipe(fps=30, time_base=Fraction(1001, 30_000))),
    "one key frame.mp4": ("mp4", Recipe(gop=999, b_frames=2)),
    "10 bit.mkv": ("mkv", Recipe(codec="hevc", pix_fmt="yuv420p10le")),
    "4:4:4.mp4": ("mp4", Recipe(pix_fmt="yuv444p")),
    "full range.mp4": ("mp4", Recipe(pix_fmt="yuvj420p", full_range=True)),
    "av1.mkv": ("mkv", Recipe(codec="av1")),
    "intra refresh.mp4": ("mp4", Recipe(options={"x264-params": "intra-refresh=1:keyint=10"})),
    "windows.wmv": ("wmv", Recipe(codec="mpeg4", sound=True)),
    "mjpeg-like grey.mkv": ("mkv", Recipe(pix_fmt="gray")),
}
TURNED = ("turned 90.mp4", "turned 180.mp4", "turned 270.mp4")
MIRRORED = ("mirrored h.mp4", "mirrored v.mp4", "mirrored h90.mp4", "mirrored v90.mp4")
SPECIAL = (*TURNED, *MIRRORED, "late.mkv", "late.ts", "odd.mp4", "early.ts")


@pytest.fixture(scope="session")
def video_of(footage_dir: Path) -> Callable[[str], Path]:
    """Makes the video of that kind on first asking; each frame carries its number."""

    def make(kind: str) -> Path:
        path = footage_dir / kind
        if not path.exists():
            _write(path, kind)
        return path

    def _write(path: Path, kind: str) -> None:
        frames = [pictures.numbered(i) for i in range(FRAMES)]
        if kind in KINDS:
            videos.write(path, frames, KINDS[kind][1])
        elif kind.startswith("turned"):
            videos.turned(path, make("h264.mp4"), int(path.stem.split()[1]))
        elif kind.startswith("mirrored"):
            videos.mirrored(path, make("h264.mp4"), path.stem.split()[1])
        elif kind.startswith("late"):
            videos.started_at(path, make("b-frames.mkv"), 5.0)
        elif kind.startswith("early"):  # the clock of a broadcast wraps just after the start
            videos.started_at(path, make("b-frames.mkv"), float(Fraction(2**33, 90_000)) - 1.0)
        elif kind == "odd.mp4":
            odd = [pictures.numbered(i, 321, 241) for i in range(FRAMES)]
            videos.write(path, odd, Recipe(codec="mpeg4"))
        else:
            raise AssertionError(kind)

    return make


@pytest.fixture(scope="session")
def refused_files(footage_dir: Path, face_clip: Path) -> list[Path]:
    """Files that are no video, whatever their names say."""
    return broken.refused(footage_dir / "refused", face_clip)
