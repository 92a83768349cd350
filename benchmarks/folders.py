"""Whole processes over folders, as users run them: six clips, two hundred photos, their memory.

Inputs overlap, so a folder is more than its clips one after another. FFmpeg does the same folder in
turns with us, clip by clip on two threads.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from benchmarks.clips import FFMPEG, ffmpeg
from benchmarks.ratios import CSV, FULL, Row, decode, in_turns

CLIPS = 6
PHOTOS = 200
SIDE = 350
POLL_S = 0.05


def folders(clip: Path, folder: Path, rounds: int) -> list[Row]:
    """Ratios of a folder of six clips, with all outputs and with CSV only, and peak memory."""
    films = folder / "films"
    films.mkdir(exist_ok=True)
    for number in range(CLIPS):
        # Each its own content, as files of one content count once.
        target = films / f"clip{number}.mp4"
        if not target.exists():
            ffmpeg("-i", str(clip), "-c", "copy", "-metadata", f"title={number}", str(target))
    names = sorted(map(str, films.iterdir()))
    times = in_turns(
        rounds,
        full=lambda: run(films, folder / "out", FULL),
        encode=lambda: each(names, lambda name: encode(name, folder / "ffmpeg.mp4")),
        csv=lambda: run(films, folder / "out", CSV),
        decode=lambda: each(names, decode),
    )
    peak = peak_mb(lambda: run(films, folder / "out", FULL))
    return [
        Row("six clips, full outputs / FFmpeg", times["full"] / times["encode"], 1.1, "low",
            f"{times['full']:.2f} s / {times['encode']:.2f} s, whole processes"),
        Row("six clips, CSV only / FFmpeg decode", times["csv"] / times["decode"], 1.7, "low",
            f"{times['csv']:.2f} s / {times['decode']:.2f} s, whole processes"),
        Row("peak memory, inputs in flight together, MB", peak, 400, "low",
            "all processes of a run, shared pages counted once"),
    ]  # fmt: skip


def photos(clip: Path, folder: Path, rounds: int) -> list[Row]:
    """Photos a second, of a folder of photos of one size."""
    album = folder / "album"
    if not album.exists():
        album.mkdir()
        crop = f"crop=in_h:in_h,scale={SIDE}:{SIDE}"
        ffmpeg("-i", str(clip), "-vf", crop, "-frames:v", str(PHOTOS), "-q:v", "3",
               str(album / "photo-%04d.jpg"))  # fmt: skip
    work = lambda: run(album, folder / "out", CSV, "--images", "photos")  # noqa: E731
    seconds = in_turns(rounds, photos=work)["photos"]
    detail = f"{PHOTOS} of {SIDE} x {SIDE} in {seconds:.2f} s, a whole process"
    return [Row("photos a second", PHOTOS / seconds, 300, "high", detail)]


def each(names: list[str], work: Callable[[Path], None]) -> None:
    """Clip by clip."""
    for name in names:
        work(Path(name))


def run(inputs: Path, out: Path, outputs: tuple[str, ...], *more: str) -> None:
    """``fer-batch run`` as a process, its results written anew."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "fer_batch", "run", str(inputs), "-o", str(out)]
    subprocess.run([*command, "-q", "--outputs", ",".join(outputs), *more], check=True)


def encode(clip: Path, target: Path) -> None:
    """FFmpeg decodes and encodes with x264 veryfast on two threads; sound is copied."""
    command = [FFMPEG, "-v", "error", "-nostdin", "-y", "-threads", "2", "-i", str(clip)]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-c:a", "copy", str(target)]
    subprocess.run(command, check=True)


def peak_mb(work: Callable[[], None]) -> float:
    """The most that this process's descendants hold at once while ``work`` runs, in MB."""
    import psutil

    me, ended, most = psutil.Process(), threading.Event(), 0.0

    def watch() -> None:
        nonlocal most
        while not ended.wait(POLL_S):
            held = 0
            for child in me.children(recursive=True):
                try:
                    held += child.memory_full_info().pss
                except (psutil.Error, AttributeError):
                    continue
            most = max(most, held / 1e6)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        work()
    finally:
        ended.set()
        thread.join()
    return most
