"""Clips to measure with, made by FFmpeg from one: other sizes, other lengths, more faces."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def ffmpeg(*arguments: str) -> None:
    """Run FFmpeg quietly.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    subprocess.run([FFMPEG, "-v", "error", "-nostdin", "-y", *arguments], check=True)


def base_clip(folder: Path) -> Path:
    """The clip named by ``FER_BATCH_BENCH_CLIP``, else the demo clip twice over (20 s, 640x360)."""
    named = os.environ.get("FER_BATCH_BENCH_CLIP")
    if named:
        return Path(named)
    from fer_batch.demo.clip import write_clip

    once, twice = folder / "demo.mp4", folder / "base.mp4"
    if not twice.exists():
        write_clip(once)
        looped(once, 2, twice)
    return twice


def looped(clip: Path, times: int, target: Path) -> Path:
    """``clip`` played ``times`` times over, its packets copied."""
    if not target.exists():
        ffmpeg("-stream_loop", str(times - 1), "-i", str(clip), "-c", "copy", str(target))
    return target


def scaled(clip: Path, height: int, target: Path) -> Path:
    """``clip`` scaled to ``height`` lines, x264 veryfast as a camera's file would be decoded."""
    if not target.exists():
        scale = f"scale=-2:{height}"
        ffmpeg("-i", str(clip), "-vf", scale, "-c:v", "libx264", "-preset", "veryfast",
               "-c:a", "copy", str(target))  # fmt: skip
    return target


def crowded(clip: Path, faces: int, target: Path) -> Path:
    """``clip`` tiled in a row-major grid of ``faces`` copies, 1280 pixels wide in all."""
    if not target.exists():
        columns = {1: 1, 4: 2, 5: 5, 20: 5}.get(faces, faces)
        split = "".join(f"[s{i}]" for i in range(faces))
        layout = "|".join(_place(i, columns) for i in range(faces))
        graph = f"scale={1280 // columns // 2 * 2}:-2,split={faces}{split};{split}" + (
            f"xstack=inputs={faces}:layout={layout}" if faces > 1 else "null"
        )
        ffmpeg("-i", str(clip), "-filter_complex", graph, "-an", "-c:v", "libx264",
               "-preset", "veryfast", str(target))  # fmt: skip
    return target


def _place(index: int, columns: int) -> str:
    across, down = index % columns, index // columns
    x = "+".join(["w0"] * across) or "0"
    y = "+".join(["h0"] * down) or "0"
    return f"{x}_{y}"
