"""How fast fer-batch is, as ratios against FFmpeg and against its own slow exact way, in one run.

Absolute times say little on a shared machine: everything is run in turns, several rounds, and the
medians are compared. ``make bench``, or ``python -m benchmarks.ratios --rounds 5 --json out.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.clips import base_clip, ffmpeg, looped, scaled
from benchmarks.exact import share_equal
from fer_batch.cli.show import Silent
from fer_batch.config import DEFAULT_MODEL, AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.jobs.item.local import run_items
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.pipeline.build import Engine

FULL = ("csv", "video", "gif", "plot")
CSV = ("csv",)
# What the peer's own documentation shows: an annotated video and a table of one clip.
PEER = """
import sys
try:
    from fer import FER, Video
except ImportError:
    from fer.fer import FER
    from fer.classes import Video
Video(sys.argv[1], outdir=sys.argv[2]).analyze(FER(), display=False)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``better`` says on which side of the goal is good."""

    what: str
    value: float
    goal: float
    better: str
    detail: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.goal if self.better == "low" else self.value >= self.goal


class Warm:
    """fer-batch with its models loaded, as a worker has them."""

    def __init__(self, folder: Path) -> None:
        self._engine = Engine(RunSettings())
        self._engine.classifier(AnalyzeSettings())
        self._engine.detector(AnalyzeSettings())
        self._out = folder / "out"

    def run(self, clip: Path, outputs: tuple[str, ...]) -> dict[str, float]:
        """Everything from the first frame read to the last output closed; stages in seconds."""
        shutil.rmtree(self._out, ignore_errors=True)
        item = ItemSpec(str(clip), "clip", AnalyzeSettings(), RenderSettings(), outputs)
        result = run_items([item], self._out, self._engine, "overwrite", Silent())[0]
        assert result.state == "done", result.error
        return dict(result.summary["timings"])


def timed(work: Callable[[], object]) -> float:
    """Wall seconds."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def in_turns(rounds: int, **works: Callable[[], object]) -> dict[str, float]:
    """Median wall seconds of each, run in turns after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            seconds = timed(work)
            if number:
                times[name].append(seconds)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def decode(clip: Path) -> None:
    """FFmpeg decodes, on two threads, and writes nothing."""
    ffmpeg("-threads", "2", "-i", str(clip), "-f", "null", "-")


def encode(clip: Path, folder: Path) -> None:
    """FFmpeg decodes and encodes with x264 veryfast; sound is copied."""
    target = str(folder / "ffmpeg.mp4")
    ffmpeg("-i", str(clip), "-c:v", "libx264", "-preset", "veryfast", "-c:a", "copy", target)


def speed(clip: Path, folder: Path, warm: Warm, rounds: int) -> list[Row]:
    """The two main ratios, and how many frames a second they mean."""
    times = in_turns(
        rounds,
        decode=lambda: decode(clip),
        csv=lambda: warm.run(clip, CSV),
        encode=lambda: encode(clip, folder),
        full=lambda: warm.run(clip, FULL),
    )
    seconds = {name: round(value, 3) for name, value in times.items()}
    return [
        Row("full outputs / FFmpeg decode + x264", times["full"] / times["encode"], 1.4, "low",
            f"{seconds['full']} s / {seconds['encode']} s"),
        Row("CSV only / FFmpeg decode", times["csv"] / times["decode"], 1.9, "low",
            f"{seconds['csv']} s / {seconds['decode']} s"),
    ]  # fmt: skip


def sizes(clip: Path, folder: Path, warm: Warm, rounds: int) -> list[Row]:
    """Full outputs at 1080p and 4K."""
    rows = []
    for name, height in (("1080p", 1080), ("4K", 2160)):
        large = scaled(clip, height, folder / f"{name}.mp4")
        times = in_turns(
            rounds,
            encode=partial(encode, large, folder),
            full=partial(warm.run, large, FULL),
        )
        rows.append(Row(f"{name}, full outputs / FFmpeg", times["full"] / times["encode"], 2.0,
                        "low", f"{times['full']:.2f} s / {times['encode']:.2f} s"))  # fmt: skip
    return rows


def cold(clip: Path, folder: Path, rounds: int) -> list[Row]:
    """The whole process against the ``fer`` package's, whose Python ``FER_PYTHON`` names."""
    peer = os.environ.get("FER_PYTHON")
    mine = [sys.executable, "-m", "fer_batch", "run", str(clip), "-q", "--overwrite"]
    mine += ["-o", str(folder / "cold"), "--outputs", ",".join(FULL)]
    works = {"mine": lambda: subprocess.run(mine, check=True, stderr=subprocess.DEVNULL)}
    if peer:
        theirs = [peer, "-c", PEER, str(clip.resolve()), str(folder / "peer")]
        # It leaves files where it runs.
        works["peer"] = lambda: subprocess.run(
            theirs, check=True, stderr=subprocess.DEVNULL, cwd=folder
        )
    times = in_turns(rounds, **works)
    if not peer:
        detail = f"{times['mine']:.2f} s; FER_PYTHON names no Python with `fer`"
        return [Row("`fer` package / fer-batch, cold", float("nan"), 9.0, "high", detail)]
    return [Row("`fer` package / fer-batch, cold", times["peer"] / times["mine"], 9.0, "high",
                f"{times['peer']:.2f} s / {times['mine']:.2f} s")]  # fmt: skip


def memory(clip: Path, folder: Path, minutes: int) -> list[Row]:
    """Peak memory of the whole process, a long video against a minute."""
    peaks = {}
    for length in (1, minutes):
        long = looped(clip, max(1, round(length * 60 / 19.7)), folder / f"{length}min.mp4")
        command = [sys.executable, "-m", "fer_batch", "run", str(long), "-q"]
        command += ["-o", str(folder / "memory"), "--overwrite"]
        peaks[length] = peak_of(command)
    ratio = peaks[minutes] / peaks[1]
    detail = f"{peaks[minutes] / 1e6:.0f} MB / {peaks[1] / 1e6:.0f} MB"
    return [Row(f"peak memory, {minutes} minutes / 1 minute", ratio, 1.1, "low", detail)]


def peak_of(command: list[str]) -> float:
    """Peak resident bytes of a process, measured in a child of its own."""
    probe = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, *command], check=True, capture_output=True, text=True
    )
    return float(done.stdout.split()[-1]) * 1024


def exactness(clip: Path) -> list[Row]:
    """Frames that the slow exact way and the defaults see alike."""
    from fer_batch import analyze
    from fer_batch.config import Limits
    from fer_batch.media.probe import probe_video

    info = probe_video(clip, "clip", Limits())
    full_width = replace(AnalyzeSettings(), grid=1, min_face=12, smooth_s=0.25)
    # The default's own exact way has the full weights, too.
    exact = analyze(
        clip, DEFAULT_MODEL.removesuffix("-int8"), full_width, RunSettings(batch_size=1)
    )
    default = analyze(clip)
    share = share_equal(exact, default)
    detail = f"{len(info)} frames; full width, each frame, one face at a time, full weights"
    return [Row("frames equal to the exact way", share, 0.99, "high", detail)]


def main() -> None:
    """Measure, print the table, write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--minutes", type=int, default=0, help="length of the memory test; 0: none")
    parser.add_argument("--no-sizes", action="store_true")
    parser.add_argument("--no-folders", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fer-batch-bench-") as name:
        folder = Path(name)
        clip = base_clip(folder)
        warm = Warm(folder)
        rows = speed(clip, folder, warm, options.rounds)
        rows += exactness(clip)
        rows += cold(clip, folder, max(1, options.rounds // 2))
        if not options.no_folders:
            from benchmarks.folders import folders, photos

            rows += folders(clip, folder, max(1, options.rounds // 2))
            rows += photos(clip, folder, max(1, options.rounds // 2))
        if not options.no_sizes:
            rows += sizes(clip, folder, warm, max(1, options.rounds // 2))
        if options.minutes:
            rows += memory(clip, folder, options.minutes)
        stages = warm.run(clip, FULL)
    show(rows, stages)
    if options.json:
        data = {"rows": [asdict(row) | {"met": row.met} for row in rows], "stages": stages}
        options.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def show(rows: list[Row], stages: dict[str, float]) -> None:
    """The table of ratios with the goal beside each, and where the time of one full run went."""
    from rich.console import Console
    from rich.table import Table

    table = Table("", "measured", "goal", "", "of")
    for row in rows:
        sign = "≤" if row.better == "low" else "≥"
        verdict = "met" if row.met else "–" if row.value != row.value else "missed"
        table.add_row(row.what, f"{row.value:.3g}", f"{sign} {row.goal}", verdict, row.detail)
    console = Console(width=120)
    console.print(table)
    parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in stages.items())
    console.print(f"one full run, seconds by stage (threads overlap): {parts}")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    console.print(f"peak memory of this process: {usage.ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
