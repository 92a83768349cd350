"""One large batch of good and bad inputs, run once as a person would run it."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.footage import broken, images, pictures, videos
from tests.footage.videos import Recipe

PROGRAM = Path(sys.executable).parent / "fer-batch"
FRAMES = 25
RunProgram = Callable[..., subprocess.CompletedProcess[str]]

# Two people in each; together every container, codec and peculiarity that is promised.
GOOD: dict[str, Recipe] = {
    "h264.mp4": Recipe(sound=True, b_frames=2),
    "hevc.mp4": Recipe(codec="hevc", sound=True),
    "vp9.mp4": Recipe(codec="vp9"),
    "mpeg4.mp4": Recipe(codec="mpeg4", sound=True),
    "hevc.mov": Recipe(codec="hevc", sound=True),
    "h264.mkv": Recipe(b_frames=3, sound=True),
    "vp9.webm": Recipe(codec="vp9", sound=True),
    "mpeg4.avi": Recipe(codec="mpeg4", sound=True),
    "h264.avi": Recipe(b_frames=2),
    "variable rate.mp4": Recipe(
        pts=tuple(i * 40 + i * i % 17 for i in range(FRAMES)), time_base=Fraction(1, 1000)
    ),
    "ntsc.mov": Recipe(fps=30, time_base=Fraction(1001, 30_000)),
    "10 bit.mkv": Recipe(codec="hevc", pix_fmt="yuv420p10le"),
    "full range.mp4": Recipe(pix_fmt="yuvj420p", full_range=True),
}
HOSTILE = "-rf $(touch owned) '<b>\"&amp;.mp4"


def fer_batch(
    *arguments: str | Path, cwd: Path | None = None, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run the installed program in a process of its own, its output in a pipe."""
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1"}
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file as dicts."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def leftovers(folder: Path) -> list[Path]:
    """Files and folders that only work in progress may have."""
    found = folder.rglob("*")
    return [p for p in found if ".part-" in p.name or p.name == ".work" or p.suffix == ".tmp"]


@dataclass(frozen=True)
class Batch:
    """What went in, what came out, and what was said."""

    inputs: Path
    out: Path
    said: subprocess.CompletedProcess[str]
    refused: list[Path]

    def results(self, name: str) -> Path:
        return self.out / name

    def timeline(self, name: str) -> list[dict[str, str]]:
        return rows_of(self.out / name / "timeline.csv")


@pytest.fixture(scope="session")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """Everything in one folder, handed over with one command."""
    root = tmp_path_factory.mktemp("batch")
    inputs, out = root / "inputs", root / "out"
    inputs.mkdir()
    faces = pictures.two_faces(FRAMES)
    for name, recipe in GOOD.items():
        # Same stem, other suffix: each still gets results of its own.
        videos.write(inputs / name, faces, recipe)
    whole = inputs / "h264.mkv"
    lying = videos.write(root / "lying.mp4", [np.rot90(f).copy() for f in faces])
    videos.turned(inputs / "turned.mp4", lying, 90)
    videos.started_at(inputs / "late.mkv", whole, 5.0)
    videos.write(
        inputs / "odd size.mp4",
        [pictures.cover(f, 321, 241) for f in faces],
        Recipe(codec="mpeg4"),
    )
    videos.write(inputs / "one frame.mp4", faces[:1])
    videos.write(inputs / "nobody.mp4", [pictures.numbered(i) for i in range(FRAMES)])
    videos.write(inputs / HOSTILE, faces[:5])
    for folder in ("a", "b"):
        (inputs / folder).mkdir()
        videos.write(inputs / folder / "same name.mp4", faces[: 5 if folder == "a" else 6])
    broken.damaged(inputs / "damaged.mkv", videos.write(root / "d.mkv", faces), 11)
    longer = videos.write(root / "longer.mkv", faces * 4, Recipe(sound=True))
    broken.truncated(inputs / "cut off.mkv", longer, 0.4)
    shots = images.folder(inputs / "shots", list(faces[:12]))
    (shots / "face 3.webp").write_bytes(b"")
    images.huge_png(shots / "face 20.png")
    refused = broken.refused(inputs / "bad", inputs / "h264.mp4")
    os.mkfifo(inputs / "bad" / "pipe.mp4")
    (inputs / "bad" / "dangling.mp4").symlink_to(inputs / "nowhere.mp4")
    refused += [inputs / "bad" / "pipe.mp4", inputs / "bad" / "dangling.mp4"]
    said = fer_batch("run", inputs, "-o", out, cwd=root)
    return Batch(inputs, out, said, refused)
