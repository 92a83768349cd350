"""What each thread of one run does, as a picture: ``python -m benchmarks trace``.

    python -m benchmarks trace [--clip CLIP] [--outputs csv,video,gif,plot] [--frames-mb 0]
                               [-o trace.png]

The engine is warm, as in the table of ratios. Each thread is a row, and each column of it the
share of one core that the kernel says the thread had then. A thread is named after the part of
fer-batch it was found in most often; threads of native libraries (x264) have no such part. Below
stands how much of the cores all of them used together. Linux only.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.clips import base_clip
from benchmarks.ratios import FULL
from fer_batch.cores import usable_cores

if TYPE_CHECKING:
    from types import FrameType

EVERY_S = 0.01
LEAST_S = 0.02  # threads with less processor time are left out
# Where a thread is found, and what that stands for: the first that lies on its stack.
PARTS = (
    ("faces/recogniser", "recognise"), ("faces/yunet", "detect"), ("pipeline/detect", "detect"),
    ("emotion/", "classify"), ("media/encode", "encode"), ("media/video", "decode"),
    ("media/kept", "decode"), ("media/decode", "decode"), ("media/planes", "decode"),
    ("media/film", "encode"), ("output/gif", "gif"), ("pipeline/preview", "gif"),
    ("output/plot", "plot"), ("output/draw", "draw"), ("pipeline/draw", "draw"),
    ("pipeline/timeline", "track"), ("output/", "write"), ("pipeline/grid", "crop"),
    ("checksum", "hash"), ("media/", "probe"), ("jobs/", "steps"),
)  # fmt: skip


@dataclass
class Trace:
    """``busy``: for each thread, its processor time at each moment in ns; ``found``: its parts."""

    moments: list[float] = field(default_factory=list)
    busy: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    found: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def look(self) -> None:
        """Note where all threads are now."""
        here = {t.ident: t.native_id for t in threading.enumerate()}
        own, moment = threading.get_native_id(), len(self.moments)
        self.moments.append(time.perf_counter())
        for ident, frame in sys._current_frames().items():  # noqa: SLF001
            if (thread := here.get(ident)) is not None and thread != own:
                self.found[thread][_part(frame)] += 1
        for folder in Path("/proc/self/task").iterdir():
            thread = int(folder.name)
            if thread != own:
                try:
                    self.busy[thread][moment] = int((folder / "schedstat").read_text().split()[0])
                except (OSError, ValueError):  # it has ended
                    continue


def _part(frame: FrameType | None) -> str:
    while frame is not None:
        file = frame.f_code.co_filename
        for place, name in PARTS:
            if f"fer_batch/{place}" in file:
                return name
        frame = frame.f_back
    return ""


def traced(clip: Path, outputs: tuple[str, ...], frames_mb: int, folder: Path) -> Trace:
    """A second run of ``clip``, looked at every few milliseconds."""
    from fer_batch.cli.show import Silent
    from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
    from fer_batch.jobs.item.local import run_items
    from fer_batch.jobs.item.work import ItemSpec
    from fer_batch.pipeline.build import Engine

    engine, trace, ended = Engine(RunSettings(frames_mb=frames_mb)), Trace(), threading.Event()

    def run() -> None:
        shutil.rmtree(folder / "out", ignore_errors=True)
        item = ItemSpec(str(clip), "clip", AnalyzeSettings(), RenderSettings(), outputs)
        result = run_items([item], folder / "out", engine, "overwrite", Silent())[0]
        assert result.state == "done", result.error

    def watch() -> None:
        while not ended.wait(EVERY_S):
            trace.look()

    run()
    watcher = threading.Thread(target=watch)
    watcher.start()
    run()
    ended.set()
    watcher.join()
    return trace


def picture(trace: Trace, path: Path, title: str) -> None:
    """Write the picture of a trace."""
    import matplotlib as mpl

    mpl.use("Agg")
    import numpy as np
    from matplotlib import pyplot as plt

    at = np.array(trace.moments) - trace.moments[0]
    rows = []
    for thread, known in trace.busy.items():
        used = np.zeros(len(at))
        moments = sorted(known)
        for before, after in pairwise(moments):
            # A look may come late; what was used since the last one is spread over that time.
            share = (known[after] - known[before]) / 1e9 / max(at[after] - at[before], 1e-6)
            used[before:after] = min(share, 1.0)
        seconds = (known[moments[-1]] - known[moments[0]]) / 1e9
        parts = [part for part, _ in trace.found[thread].most_common() if part]
        if seconds >= LEAST_S:
            rows.append((moments[0], ", ".join(parts[:2]) or "native", seconds, used))
    rows.sort(key=lambda row: row[0])
    cores = usable_cores()
    height = 0.24 * len(rows) + 1.9
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(9, height), sharex=True, height_ratios=(0.24 * len(rows), 0.9),
        layout="constrained",
    )  # fmt: skip
    edges = [*at, at[-1] + EVERY_S]
    above.pcolormesh(
        edges, np.arange(len(rows) + 1) - 0.5, np.array([row[3] for row in rows]),
        cmap="Blues", vmin=0, vmax=1,
    )  # fmt: skip
    names = [f"{part}  {seconds:.2f} s" for _, part, seconds, _ in rows]
    above.set_yticks(range(len(rows)), names, fontsize=8)
    above.invert_yaxis()
    above.set_title(title, fontsize=10)
    together = sum(row[3] for row in rows)
    below.fill_between(at, np.minimum(together, cores), step="post", color="#4a7fb5", linewidth=0)
    below.set(ylim=(0, cores), ylabel="cores", xlabel="seconds", yticks=range(cores + 1))
    total = sum(row[2] for row in rows)
    below.set_title(
        f"{total:.2f} s of processor time in {at[-1]:.2f} s: {total / at[-1]:.2f} of {cores} cores",
        fontsize=9,
    )
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(arguments: list[str]) -> None:
    """Trace and draw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks trace", description=__doc__)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--outputs", default=",".join(FULL))
    parser.add_argument("--frames-mb", type=int, default=256)
    parser.add_argument("-o", "--out", type=Path, default=Path("trace.png"))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="fer-batch-trace-") as name:
        folder = Path(name)
        clip = options.clip or base_clip(folder)
        trace = traced(clip, tuple(options.outputs.split(",")), options.frames_mb, folder)
    picture(trace, options.out, f"{clip.name}: {options.outputs}")
    print(options.out)
