"""What this machine makes of the same videos, with the same segments, without a queue."""

from __future__ import annotations

import os
from pathlib import Path

from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.demo.clip import write_clip
from fer_batch.jobs.item.batch import write_batch
from fer_batch.jobs.item.local import run_items
from fer_batch.jobs.item.outcome import ItemResult
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.outputs import DEFAULT_OUTPUTS
from fer_batch.pipeline.build import Engine

SECONDS = (1.0, 2.0, 9.0)  # the last is several segments
SEGMENT_FRAMES = 64


class Silence:
    """An observer that says nothing."""

    def item_started(self, number: int, item: ItemSpec) -> None: ...
    def stage(self, number: int, name: str, frames: int) -> None: ...
    def advance(self, number: int, frames: int) -> None: ...
    def item_ended(self, number: int, result: ItemResult) -> None: ...


def make_clips(folder: Path) -> list[Path]:
    """Clips of two people, by length."""
    folder.mkdir()
    clips = [folder / f"clip {seconds:g}.mp4" for seconds in SECONDS]
    for clip, seconds in zip(clips, SECONDS, strict=True):
        write_clip(clip, seconds=seconds)
    return clips


def run_here(clips: list[Path], out: Path) -> None:
    """All outputs of ``clips`` and of them together into ``out``.

    On one core, as many as a worker of this test has: x264 codes otherwise with more threads.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        _run(clips, out)
    finally:
        os.sched_setaffinity(0, before)


def _run(clips: list[Path], out: Path) -> None:
    engine = Engine(RunSettings(segment_frames=SEGMENT_FRAMES))
    items = [
        ItemSpec(str(clip), clip.stem, AnalyzeSettings(), RenderSettings(), DEFAULT_OUTPUTS)
        for clip in clips
    ]
    results = run_items(items, out, engine, "overwrite", Silence())
    assert [result.state for result in results] == ["done"] * len(items), results
    write_batch(results, out)
