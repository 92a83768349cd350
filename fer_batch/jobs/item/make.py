"""Outputs that have a writer of their own: what they are for an item, and making one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fer_batch.jobs.item.work import ItemSpec, WorkFolder
from fer_batch.output.clock import clock_of
from fer_batch.output.write import Facts, write_output
from fer_batch.outputs import REGISTRY, Output
from fer_batch.pipeline.photos import as_film, counted
from fer_batch.pipeline.progress import ShouldCancel, Timings, never

if TYPE_CHECKING:
    from fer_batch.pipeline.build import Engine
    from fer_batch.types import Timeline


def wanted(item: ItemSpec) -> list[Output]:
    """Outputs of an item that a writer makes, those first that take longest."""
    own = [o for o in REGISTRY if o.name in item.outputs and o.writer and o.needs != "batch"]
    return sorted(own, key=lambda output: output.needs != "pixels")


def draws(item: ItemSpec) -> bool:
    """Whether any wanted output is made of pictures."""
    return any(o.needs == "pixels" and o.name in item.outputs for o in REGISTRY)


def shown_timeline(item: ItemSpec, work: WorkFolder, engine: Engine) -> Timeline:
    """The timeline of an item as all its outputs show it: who is below ``--threshold`` is unsure.

    Raises:
        UnreadableError: it is missing or damaged.
    """
    return replace(engine.timelines.read(work.shown), threshold=item.render.threshold)


def make(
    output: Output,
    item: ItemSpec,
    work: WorkFolder,
    engine: Engine,
    should_cancel: ShouldCancel = never,
) -> Timings:
    """Make an output under its final name in ``work.parts`` unless it is there; returns how long it
    took.

    Raises:
        Cancelled: ``should_cancel`` said so.
    """
    path, timings = work.made(output), Timings()
    if path.exists():
        return timings
    info, timeline = work.read_plan().info, shown_timeline(item, work, engine)
    if "photos" not in output.default:  # made of photos only where somebody asks for it
        timeline = as_film(timeline if output.needs == "pixels" else counted(timeline), info)
    if output.needs == "pixels":
        source = engine.kept.again(engine.source(info))
        output.load()(source, timeline, item.render, path, timings, should_cancel)
    else:
        with timings.stage(f"write_{output.name}"):
            clock = clock_of(info) if item.render.clock else None
            photos = info.kind == "photos"
            facts = Facts(info.start_s, render=item.render, clock=clock, photos=photos)
            write_output(output, path.parent, timeline, facts)
    return timings


def made(item: ItemSpec, work: WorkFolder) -> list[Path]:
    """Where the outputs of ``wanted`` lie."""
    return [work.made(output) for output in wanted(item)]
