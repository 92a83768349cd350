"""The local runner: every input through the steps, one after another, in this process.

One bad input is one failed item; the rest goes on. What is finished is known by the hash of input,
model and settings, never by the mere presence of a file.
"""

from __future__ import annotations

import logging
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fer_batch import timeline_file
from fer_batch.atomic import atomic_path, make_private
from fer_batch.checksum import sha256_file
from fer_batch.errors import (
    Cancelled,
    InputChangedError,
    InputError,
    OutputPathError,
    UnreadableError,
    UsageError,
)
from fer_batch.jobs.item import make, steps
from fer_batch.jobs.item.failure import failure_of
from fer_batch.jobs.item.outcome import (
    Existing,
    ItemResult,
    Observer,
    State,
    not_begun,
)
from fer_batch.jobs.item.results import (
    alone,
    keep_record,
    outputs_intact,
    read_summary,
    remove_outputs,
)
from fer_batch.jobs.item.unchanged import Unchanged
from fer_batch.jobs.item.work import ItemPlan, ItemSpec, WorkFolder
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
    ``overwrite``; results of other ones are an error with ``keep`` and replaced with ``resume``.
    Without ``infer`` only stored numbers are drawn; an item that has none fails.

    Raises:
        UnknownModelError, ModelFileError: nothing can run at all.
        OutputPathError: ``out`` cannot be written to.
    """
    results: list[ItemResult] = []
    for number, item in enumerate(items):
        if should_cancel():
            results.append(not_begun(item, out / item.name))
            continue
        observer.item_started(number, item)
        arguments = (engine, existing, observer, should_cancel, infer)
        results.append(run_item(number, item, out / item.name, *arguments))
        observer.item_ended(number, results[-1])
    return results


def run_item(
    number: int,
    item: ItemSpec,
    folder: Path,
    engine: Engine,
    existing: Existing,
    observer: Observer,
    should_cancel: ShouldCancel = never,
    infer: bool = True,
) -> ItemResult:
    """All steps of one item; what fails is its result. See ``run_items``.

    Raises:
        UsageError: what is wrong is wrong for every input alike.
    """
    begin = time.perf_counter()
    try:
        run = _Run(number, item, folder, engine, existing, observer, should_cancel, infer)
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
    return replace(result, seconds=time.perf_counter() - begin)


def _failed(item: ItemSpec, folder: Path, error: Exception) -> ItemResult:
    failure = failure_of(error, item.input)
    if failure.code == "unexpected":
        logger.debug("%s failed unexpectedly", item.input, exc_info=error)
    return ItemResult(item, folder, "failed", error=failure.line, code=failure.code)


@dataclass
class _Run:
    """The steps of one item."""

    number: int
    item: ItemSpec
    folder: Path
    engine: Engine
    existing: Existing
    observer: Observer
    should_cancel: ShouldCancel
    infer: bool
    _unchanged: Unchanged = field(init=False)

    def all_steps(self) -> tuple[State, dict[str, Any]]:
        new_folder = not self.folder.exists()
        with alone(self.folder):
            return self._all_steps(new_folder)

    def _all_steps(self, new_folder: bool) -> tuple[State, dict[str, Any]]:
        work = WorkFolder(self.folder / ".work", self.folder)
        new_work = not work.path.exists()
        path = Path(self.item.input)
        self._unchanged = Unchanged(path)
        try:
            self.observer.stage(self.number, "probe", 0)
            plan, timings = steps.look(self.item, self.engine)
            self._unchanged.check(plan.info.files)
            previous = read_summary(self.folder)
            done = self._reusable(plan, previous)
            if done is None:
                # What is there of other settings goes before the plan says that it is of these.
                self._clear(work, plan)
                make_private(work.path)
                steps.keep(work, plan, timings)
        except BaseException:
            # An input that cannot be read or is refused leaves nothing behind.
            if new_work:
                work.remove()
            if new_folder:
                shutil.rmtree(self.folder, ignore_errors=True)
            raise
        if done is not None:
            work.remove()
            return "reused", done
        if previous and self.existing != "overwrite":
            self._reuse_timeline(plan, previous, work)
        try:
            self._analyze(plan, work)
            self._render(plan, work)
            self.observer.stage(self.number, "finish", 0)
            self._unchanged.check(plan.info.files)
            now = steps.input_sha256(path, plan.info.files)
            self._unchanged.check_content(plan.input_sha256, now)
        except InputChangedError:
            work.remove()  # some of it is of another content than the plan says
            with suppress(OSError):
                self.folder.rmdir()  # where nothing was in it before
            raise
        remove_outputs(self.folder, previous)
        summary = steps.finish(self.item, work, self.engine)
        if "summary" not in self.item.outputs:
            keep_record(self.folder, summary)
        work.remove()
        return "done", summary

    def _clear(self, work: WorkFolder, plan: ItemPlan) -> None:
        """Remove what an interrupted run has left that is not of ``plan``."""
        before = None
        if self.existing != "overwrite":
            with suppress(UnreadableError):
                before = work.read_plan()
        same = before is not None and before.analysis_key == plan.analysis_key
        if before is None or not same or before.segments != plan.segments:
            _remove(work.path / "shards", work.parts, work.timeline)
        elif before.render_key != plan.render_key:
            _remove(work.parts)

    def _reusable(self, plan: ItemPlan, previous: dict[str, Any]) -> dict[str, Any] | None:
        """The earlier summary if it is of exactly this work and its files are as they were."""
        if not previous or self.existing == "overwrite":
            return None
        same = previous.get("render_key") == plan.render_key
        if same and outputs_intact(self.folder, previous):
            return previous
        if not same and self.existing == "keep":
            raise OutputPathError(
                f"{self.folder}: holds results of another input or other settings; "
                "use --overwrite to replace them, or another place with -o"
            )
        return None

    def _reuse_timeline(self, plan: ItemPlan, previous: dict[str, Any], work: WorkFolder) -> None:
        """The same numbers, drawn otherwise, need no inference again."""
        timeline = self.folder / timeline_file.NAME
        known = previous.get("outputs", {}).get(timeline_file.NAME, {}).get("sha256")
        if previous.get("analysis_key") != plan.analysis_key or not timeline.exists():
            return
        if known == sha256_file(timeline):
            with atomic_path(work.timeline) as temporary:
                shutil.copyfile(timeline, temporary)

    def _advance(self, frames: int) -> None:
        self.observer.advance(self.number, frames)

    def _analyze(self, plan: ItemPlan, work: WorkFolder) -> None:
        if work.timeline.exists():
            return
        if not self.infer:
            raise InputError(
                f"{self.folder}: holds no numbers of this very input and model; "
                "make it with `fer-batch run`"
            )
        self.observer.stage(self.number, "analyze", len(plan.info))
        for segment in plan.segments:
            self._unchanged.check(plan.info.files)
            steps.analyze(
                self.item,
                work,
                segment.index,
                self.engine,
                self._advance,
                self.should_cancel,
            )
        steps.assemble(self.item, work, self.engine)

    def _render(self, plan: ItemPlan, work: WorkFolder) -> None:
        if not make.draws(self.item):
            return
        self.observer.stage(
            self.number, "render", len(plan.info) if "video" in self.item.outputs else 0
        )
        for segment in plan.segments:
            self._unchanged.check(plan.info.files)
            steps.render(
                self.item,
                work,
                segment.index,
                self.engine,
                self._advance,
                self.should_cancel,
            )


def _remove(*paths: Path) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
