"""The local runner: every input through the steps, one after another, in this process.

One bad input is one failed item; the rest goes on. What is finished is known by the hash of input,
model and settings, never by the mere presence of a file.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

from fer_batch.errors import (
    Cancelled,
    OutputPathError,
    UsageError,
)
from fer_batch.jobs.item import relate
from fer_batch.jobs.item.across import photos_by_name
from fer_batch.jobs.item.failure import failure_of
from fer_batch.jobs.item.item_run import ItemRun
from fer_batch.jobs.item.outcome import (
    Existing,
    ItemResult,
    Observer,
    Phase,
    not_begun,
)
from fer_batch.jobs.item.relation import Member
from fer_batch.jobs.item.work import ItemSpec, WorkFolder
from fer_batch.pipeline.build import Engine
from fer_batch.pipeline.progress import ShouldCancel, never

logger = logging.getLogger(__name__)


def run_items(
    items: list[ItemSpec],
    out: Path,
    engine: Engine,
    existing: Existing,
    observer: Observer,
    should_cancel: ShouldCancel = never,
    infer: bool = True,
) -> list[ItemResult]:
    """Run every item; its results go to ``out/<name>/``. Returns one result an item, in order.

    ``existing``: results of the same input, model and settings are always used again, unless
    ``overwrite``. Those that differ in drawing and outputs alone are an error with ``keep`` and
    drawn again with ``resume``; those of other numbers are an error with both.
    Without ``infer`` only stored numbers are drawn; an item that has none fails.

    Raises:
        UnknownModelError, ModelFileError: nothing can run at all.
        OutputPathError: ``out`` cannot be written to.
    """
    results: dict[int, ItemResult] = {}
    photos_by_name(items, engine)  # before hours are spent: these photos must do
    together = relate.needed(items)
    phases: tuple[Phase, ...] = ("timeline", "draw") if together else ("all",)
    for phase in phases:
        if phase == "draw":
            results |= relate_items(items, results, out, engine)
        for number, item in enumerate(items):
            if phase == "draw" and results[number].state != "analyzed":
                continue
            if should_cancel():
                results[number] = not_begun(item, out / item.name)
                continue
            if phase != "draw":
                observer.item_started(number, item)
            passed = (engine, existing, observer, should_cancel, infer)
            results[number] = run_item(number, item, out / item.name, *passed, phase=phase)
            if results[number].state != "analyzed":
                observer.item_ended(number, results[number])
    return [results[number] for number in range(len(items))]


def run_item(
    number: int,
    item: ItemSpec,
    folder: Path,
    engine: Engine,
    existing: Existing,
    observer: Observer,
    should_cancel: ShouldCancel = never,
    infer: bool = True,
    phase: Phase = "all",
) -> ItemResult:
    """The steps of one item; what fails is its result. See ``run_items``.

    Where inputs are related, ``phase`` "timeline" goes as far as the timeline and gives the state
    "analyzed"; "draw" goes on from there, once ``relate_items`` is done.

    Raises:
        UsageError: what is wrong is wrong for every input alike.
    """
    begin = time.perf_counter()
    try:
        run = ItemRun(number, item, folder, engine, existing, observer, should_cancel, infer, phase)
        state, summary = run.all_steps()
        result = ItemResult(item, folder, state, summary=summary)
    except Cancelled as error:
        result = ItemResult(item, folder, "cancelled", error=str(error), code=error.code)
    except UsageError as error:
        if not isinstance(error, OutputPathError):
            raise
        result = _failed(item, folder, error)
    except Exception as error:  # a defect of ours too costs one item, not the batch
        result = _failed(item, folder, error)
    finally:
        if phase != "timeline":  # an only input is drawn next, by the frames that are kept
            engine.kept.clear()
    return replace(result, seconds=time.perf_counter() - begin)


def relate_items(
    items: list[ItemSpec], results: dict[int, ItemResult], out: Path, engine: Engine
) -> dict[int, ItemResult]:
    """Relate the inputs that are analyzed; returns the results of those that it fails."""
    analyzed = [number for number, result in results.items() if result.state == "analyzed"]
    members = []
    for number in analyzed:
        folder = out / items[number].name
        members.append(Member(items[number], WorkFolder(folder / ".work", folder)))
    try:
        relate.relate(members, engine)
    except Exception as error:  # then none can be drawn
        return {n: _failed(items[n], out / items[n].name, error) for n in analyzed}
    return {
        number: _failed(items[number], out / items[number].name, member.problem)
        for number, member in zip(analyzed, members, strict=True)
        if member.problem is not None
    }


def _failed(item: ItemSpec, folder: Path, error: Exception) -> ItemResult:
    failure = failure_of(error, item.input)
    if failure.code == "unexpected":
        logger.debug("%s failed unexpectedly", item.input, exc_info=error)
    return ItemResult(item, folder, "failed", error=failure.line, code=failure.code)
