"""One item from its probe to its results, and what earlier runs have left of it.

What is finished is known by hashes of input, model, settings and engine, never by files alone.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fer_batch import timeline_file
from fer_batch.atomic import atomic_path, make_private, write_error
from fer_batch.checksum import fingerprint, sha256_file
from fer_batch.errors import (
    InputChangedError,
    InputError,
    OutputPathError,
    UnreadableError,
)
from fer_batch.jobs.item import make, steps
from fer_batch.jobs.item.outcome import Existing, Observer, Phase, State
from fer_batch.jobs.item.refusal import hidden_refusal, refusal
from fer_batch.jobs.item.result_keys import input_sha256, result_keys, same_numbers
from fer_batch.jobs.item.results import (
    alone,
    keep_record,
    outputs_intact,
    remove_outputs,
)
from fer_batch.jobs.item.stored_numbers import with_stored_numbers
from fer_batch.jobs.item.unchanged import Unchanged
from fer_batch.jobs.item.work import ItemPlan, ItemSpec, WorkFolder
from fer_batch.output.foreign import refuse_links
from fer_batch.output.stored import read_record
from fer_batch.pipeline.build import Engine
from fer_batch.pipeline.progress import ShouldCancel


@dataclass
class ItemRun:
    """The steps of one item, and what of earlier runs can be used again."""

    number: int
    item: ItemSpec
    folder: Path
    engine: Engine
    existing: Existing
    observer: Observer
    should_cancel: ShouldCancel
    infer: bool
    phase: Phase = "all"
    _unchanged: Unchanged = field(init=False)

    def all_steps(self) -> tuple[State, dict[str, Any]]:
        new_folder = not self.folder.exists()
        with alone(self.folder):
            return self._all_steps(new_folder)

    def _all_steps(self, new_folder: bool) -> tuple[State, dict[str, Any]]:
        refuse_links(self.folder)
        work = WorkFolder(self.folder / ".work", self.folder)
        previous = read_record(self.folder)
        self._unchanged = Unchanged(Path(self.item.input))
        if self.phase == "draw":
            plan = work.read_plan()
            if self._as_it_was(plan, work, previous):
                work.remove()
                return "reused", previous
        else:
            found = self._begin(work, previous, new_folder)
            if found is None:
                work.remove()
                return "reused", previous
            plan = found
        try:
            if self.phase != "draw":
                if previous and self.existing != "overwrite":
                    self._reuse_timeline(plan, previous, work)
                self._analyze(plan, work)
                self._unchanged.check(plan.info.files)
                if self.phase == "timeline":
                    return "analyzed", {}
                _remove(work.relations, work.related)
            self._draw(plan, work)
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

    def _draw(self, plan: ItemPlan, work: WorkFolder) -> None:
        """Draw what is to be drawn, and make sure that it was of the input that was analysed."""
        self._render(plan, work)
        self.observer.stage(self.number, "finish", 0)
        self._unchanged.check(plan.info.files)
        now = input_sha256(Path(self.item.input), plan.info.files)
        self._unchanged.check_content(plan.input_sha256, now)

    def _begin(
        self, work: WorkFolder, previous: dict[str, Any], new_folder: bool
    ) -> ItemPlan | None:
        """Look at the input; its plan, None where what was asked lies there already."""
        new_work = not work.path.exists()
        try:
            self.observer.stage(self.number, "probe", 0)
            plan, timings = steps.look(self.item, self.engine)
            self._unchanged.check(plan.info.files)
            if not self.infer:
                engine = self._engine(plan, previous)
                plan = with_stored_numbers(plan, self.item, previous, engine)
            if self._reusable(plan, previous):
                return None
            # What is there of other settings goes before the plan says that it is of these.
            self._clear(work, plan)
            try:
                make_private(work.path)
            except OSError as error:  # not the input's fault
                raise write_error(error, self.folder) from error
            steps.keep(work, plan, timings)
            return plan
        except BaseException:
            # An input that cannot be read or is refused leaves nothing behind.
            if new_work:
                work.remove()
            if new_folder:
                shutil.rmtree(self.folder, ignore_errors=True)
                with suppress(OSError):  # folders of inputs around it, where they are empty
                    for place in self.folder.parents[: self.item.name.count("/")]:
                        place.rmdir()
            raise

    def _clear(self, work: WorkFolder, plan: ItemPlan) -> None:
        """Remove what an interrupted run has left that is not of ``plan``."""
        before = None
        if self.existing != "overwrite":
            with suppress(UnreadableError):
                before = work.read_plan()
        same = before is not None and before.analysis_key == plan.analysis_key
        if before is None or not same or before.segments != plan.segments:
            _remove(work.path / "shards", work.parts, work.timeline)
        elif self.phase == "timeline":
            _remove(work.parts)  # what is drawn depends on the other inputs too
        elif before.render_key != plan.render_key:
            _remove(work.parts)

    def _engine(self, plan: ItemPlan, previous: dict[str, Any]) -> dict[str, str]:
        """What would make the numbers, or did where none are to be made."""
        if self.infer:
            return self._own_engine(plan)
        found = previous.get("engine")
        return found if isinstance(found, dict) else {}

    def _own_engine(self, plan: ItemPlan) -> dict[str, str]:
        """What would make the numbers here."""
        asked = self.item.analyze
        return self.engine.facts(asked) | self.engine.people_facts(plan.info.kind, asked)

    def _reusable(self, plan: ItemPlan, previous: dict[str, Any]) -> bool:
        """Whether the results there are of exactly this work and their files are as they were.

        Where inputs are related, that is known when all have been.

        Raises:
            OutputPathError: they are of other work, and to be kept.
        """
        if not previous or self.existing == "overwrite":
            return False
        keys = result_keys(plan, self._engine(plan, previous))
        same = previous.get("asked_key") == keys.asked
        other_numbers = previous.get("analysis_key") != keys.analysis
        drawn_anew = self.infer and not same and not other_numbers
        if drawn_anew and (why := hidden_refusal(self.folder, previous, self.item)):
            raise OutputPathError(why)
        if self.infer and (other_numbers or (not same and self.existing == "keep")):
            own = self._own_engine(plan)
            raise OutputPathError(
                refusal(self.folder, self.item, plan, previous, own, not other_numbers)
            )
        if other_numbers or not same:
            return False
        if self.phase == "timeline" or previous.get("render_key") != keys.render:
            return False
        return outputs_intact(self.folder, previous)

    def _as_it_was(self, plan: ItemPlan, work: WorkFolder, previous: dict[str, Any]) -> bool:
        """Whether relating has changed nothing of results that are there."""
        if not previous or self.existing == "overwrite":
            return False
        related = steps.relations(work)
        digest = fingerprint(related) if related else ""
        keys = result_keys(plan, timeline_file.read_engine(work.timeline), digest)
        same = previous.get("render_key") == keys.render
        return same and outputs_intact(self.folder, previous)

    def _reuse_timeline(self, plan: ItemPlan, previous: dict[str, Any], work: WorkFolder) -> None:
        """The same numbers, drawn otherwise, need no inference again."""
        if not same_numbers(plan, previous, self._engine(plan, previous)):
            return
        for name in (timeline_file.ANALYSED, timeline_file.NAME):
            known = previous.get("outputs", {}).get(name, {}).get("sha256")
            timeline = self.folder / name
            if known and timeline.is_file():
                if known == sha256_file(timeline):
                    with atomic_path(work.timeline) as temporary:
                        shutil.copyfile(timeline, temporary)
                return

    def _advance(self, frames: int) -> None:
        self.observer.advance(self.number, frames)

    def _analyze(self, plan: ItemPlan, work: WorkFolder) -> None:
        if work.timeline.exists():
            made_by = timeline_file.read_engine(work.timeline)
            if not self.infer or made_by == self._own_engine(plan):
                return
            _remove(work.timeline, work.parts)
        if not self.infer:
            raise InputError(
                f"{self.folder}: holds no numbers of this very input and these settings; "
                "make them with `fer-batch run`"
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
