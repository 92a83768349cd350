"""What the FFmpeg program says of a file: a second opinion that shares no code with fer-batch."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from fer_batch.types import Image


def ffmpeg(*arguments: str | Path) -> str:
    """Run imageio-ffmpeg's binary, overwriting its output; returns what it wrote to stdout."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y"]
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode()


@dataclass(frozen=True)
class Decoded:
    """What FFmpeg decodes of a file's first video stream: seconds of each frame, and its size."""

    times: tuple[float, ...]
    width: int
    height: int

    def __len__(self) -> int:
        return len(self.times)


def decoded(path: Path) -> Decoded:
    """Decode ``path`` as FFmpeg does, with every frame kept; times count from the first frame.

    Errors in the middle of the data do not stop FFmpeg; frames it gives up are not in the list.
    """
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "quiet", "-nostdin", "-copyts", "-i", path]
    command += ["-map", "0:v:0", "-fps_mode", "passthrough", "-enc_time_base", "demux"]
    done = subprocess.run(
        [*command, "-f", "framehash", "-hash", "CRC32", "-"], capture_output=True, check=False
    )
    time_base, width, height, pts = Fraction(1), 0, 0, []
    for line in done.stdout.decode().splitlines():
        if line.startswith("#tb 0:"):
            time_base = Fraction(line.split(":")[1].strip())
        elif line.startswith("#dimensions 0:"):
            width, height = map(int, line.split(":")[1].strip().split("x"))
        elif line and not line.startswith("#"):
            pts.append(int(line.split(",")[2]))
    start = pts[0] if pts else 0
    return Decoded(tuple(float((p - start) * time_base) for p in pts), width, height)


def has_sound(path: Path) -> bool:
    """Whether FFmpeg finds a sound track with at least one packet in ``path``."""
    lines = ffmpeg(
        "-i", path, "-map", "0:a?", "-c", "copy", "-f", "framehash", "-hash", "CRC32", "-"
    )
    return any(line and not line.startswith("#") for line in lines.splitlines())


def picture(path: Path, number: int, folder: Path) -> Image:
    """``uint8[h, w]``: luma of frame ``number`` as FFmpeg shows it, turned and mirrored."""
    raw = folder / "luma.raw"
    found = decoded(path)
    wanted = ("-vf", f"select=eq(n\\,{number}),extractplanes=y", "-frames:v", "1")
    ffmpeg("-i", path, "-map", "0:v:0", *wanted, "-f", "rawvideo", "-pix_fmt", "gray", raw)
    return np.fromfile(raw, np.uint8).reshape(found.height, found.width)
