"""How time and memory grow: with length, with faces a frame, with the size of the picture.

``python -m benchmarks.growth`` runs each clip as a process of its own and prints frames a second
and peak memory. ``--hour`` adds a video of 60 minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.clips import base_clip, crowded, looped, scaled
from benchmarks.ratios import peak_of


def main() -> None:
    """Run all clips and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hour", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fer-batch-growth-") as name:
        folder = Path(name)
        clip = base_clip(folder)
        lengths = (1, 10, 60) if options.hour else (1, 10)
        _table("length", {
            f"{m} min": looped(clip, max(1, round(m * 3)), folder / f"{m}min.mp4") for m in lengths
        }, folder)  # fmt: skip
        _table("faces a frame, 1280 wide", {
            f"about {n}": crowded(clip, n, folder / f"faces{n}.mp4") for n in (1, 5, 20)
        }, folder)  # fmt: skip
        _table("lines", {
            f"{h}p": scaled(clip, h, folder / f"{h}p.mp4") for h in (240, 360, 720, 1080, 2160)
        }, folder)  # fmt: skip


def _table(title: str, clips: dict[str, Path], folder: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    from fer_batch.config import Limits
    from fer_batch.media.probe import probe_video

    table = Table(title, "frames", "seconds", "frames/s", "peak MB")
    for label, clip in clips.items():
        command = [sys.executable, "-m", "fer_batch", "run", str(clip), "-q"]
        begin = time.perf_counter()
        peak = peak_of([*command, "-o", str(folder / "out"), "--overwrite"])
        seconds = time.perf_counter() - begin
        frames = len(probe_video(clip, "clip", Limits()))
        row = (label, frames, f"{seconds:.1f}", f"{frames / seconds:.0f}", f"{peak / 1e6:.0f}")
        table.add_row(*map(str, row))
    Console().print(table)


if __name__ == "__main__":
    main()
