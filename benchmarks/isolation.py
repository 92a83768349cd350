"""``python -m benchmarks.isolation``: what it costs that each input has a process of its own.

A folder of short clips, with CSV only, by whole processes in turns: each clip in a child, one at a
time, as ``fer-batch run --parallel 1`` does, and all in the process that was started, as the
library does. Processor time, since that does not depend on what else runs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.clips import base_clip, ffmpeg

CLIPS, FRAMES = 100, 50
# As little is imported as the command line does: a parent with few threads can fork.
RUN = """
import sys
from pathlib import Path
from fer_batch.cli.show import Silent
from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.jobs.item.work import specs_of
from fer_batch.media.discover import discover

way, films, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
items = specs_of(discover([films]), AnalyzeSettings(), RenderSettings(), ("csv",))
out.mkdir(exist_ok=True)
if way == "children":
    from fer_batch.jobs.item.children.crew import run_isolated

    settings = RunSettings(parallel=1)
    results = run_isolated(items, out, settings, "overwrite", Silent(), lambda: False)
else:
    from fer_batch.jobs.item.local import run_items
    from fer_batch.pipeline.build import Engine

    results = run_items(items, out, Engine(RunSettings()), "overwrite", Silent())
assert all(result.state == "done" for result in results), results
"""


def processor_s(way: str, films: Path, out: Path) -> float:
    """Seconds of all cores that a run takes, its children's among them."""
    process = subprocess.Popen([sys.executable, "-c", RUN, way, str(films), str(out)])
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{way}: status {status}")
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=CLIPS)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        films, clip = folder / "films", base_clip(folder)
        films.mkdir()
        for number in range(given.clips):  # each its own content
            target, start = films / f"{number:03}.mp4", str(number % 15)
            ffmpeg("-ss", start, "-i", str(clip), "-frames:v", str(FRAMES), "-metadata",
                   f"title={number}", "-preset", "ultrafast", str(target))  # fmt: skip
        ratios = []
        for _ in range(given.rounds):
            children = processor_s("children", films, folder / "a")
            here = processor_s("here", films, folder / "b")
            ratios.append(children / here)
            print(f"in children {children:.2f} s, in one process {here:.2f} s: {ratios[-1]:.3f}")
        middle = statistics.median(ratios)
        print(f"{given.clips} clips of {FRAMES} frames: {middle:.3f} (goal 1.03)")


if __name__ == "__main__":
    main()
