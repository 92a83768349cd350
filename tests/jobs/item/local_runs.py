"""Runs of the local runner in tests: items, a watch over progress, and what was written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.emotion.classifier import Classifier
from fer_batch.jobs.item.local import run_items
from fer_batch.jobs.item.outcome import ItemResult
from fer_batch.jobs.item.work import ItemSpec
from tests.pipeline.stand_ins import ShadesEngine

FRAMES = 20
QUICK = RenderSettings(preset="ultrafast")
GRID = AnalyzeSettings(grid=1)
RUN = RunSettings(threads=1, segment_frames=8)
CSV = ("csv", "summary")
VIDEO = ("csv", "video", "summary")


@dataclass
class Watch:
    """An ``Observer`` that remembers, and may ask to stop at a moment."""

    stop_at: tuple[str, int] | None = None
    events: list[tuple[Any, ...]] = field(default_factory=list)
    wanted: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def item_started(self, number: int, item: ItemSpec) -> None:
        self.events.append(("started", number, item.name))

    def stage(self, number: int, name: str, frames: int) -> None:
        self.events.append(("stage", name))
        self.wanted[name] = frames

    def advance(self, number: int, frames: int) -> None:
        (name,) = [event[1] for event in self.events if event[0] == "stage"][-1:]
        self.done[name] += frames

    def item_ended(self, number: int, result: ItemResult) -> None:
        self.events.append(("ended", number, result.state))

    def should_cancel(self) -> bool:
        return self.stop_at is not None and self.done[self.stop_at[0]] >= self.stop_at[1]


def spec(path: Path, name: str = "clip", **changes: Any) -> ItemSpec:
    return replace(ItemSpec(str(path), name, GRID, QUICK, CSV), **changes)


def run(
    items: list[ItemSpec] | ItemSpec,
    out: Path,
    existing: Any = "keep",
    classifier: Classifier | None = None,
    watch: Watch | None = None,
    infer: bool = True,
    settings: RunSettings = RUN,
) -> list[ItemResult]:
    watch = watch or Watch()
    items = [items] if isinstance(items, ItemSpec) else items
    engine = ShadesEngine(settings, classifier)
    return run_items(items, out, engine, existing, watch, watch.should_cancel, infer)


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its inode and time: what changes when it is written anew."""
    found = [p for p in folder.rglob("*") if p.is_file()]
    return {str(p.relative_to(folder)): (p.stat().st_ino, p.stat().st_mtime_ns) for p in found}


def names(folder: Path) -> set[str]:
    return set(stamps(folder))
