"""Inputs dealt out to children, several at a time; what becomes of each, told as it ends.

A child that crashes, takes too much memory or stops moving is ended; that is its input's failure,
and another child takes its place.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from fer_batch.config import RunSettings
from fer_batch.errors import UsageError, error_of
from fer_batch.jobs.item import relate
from fer_batch.jobs.item.children import fork_server, preload
from fer_batch.jobs.item.children.confine import resident_bytes
from fer_batch.jobs.item.children.messages import receive
from fer_batch.jobs.item.children.places import Place, Places
from fer_batch.jobs.item.children.reach import reached
from fer_batch.jobs.item.children.share import at_once, frames_mb, memory_mb
from fer_batch.jobs.item.outcome import Existing, ItemResult, Observer, Phase, not_begun
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.pipeline.progress import ShouldCancel, never
from fer_batch.plural import plural
from fer_batch.printable import one_line

LOOK_EVERY_S = 0.1
# A network drive may hold a child up for minutes; hashing and probing report nothing meanwhile.
STALLED_S = {"analyze": 600.0, "render": 600.0}
STALLED_ELSE_S = 3600.0
MOST_REMARKS = 100  # a child that others have taken over could talk for ever

logger = logging.getLogger(__name__)


def run_isolated(
    items: list[ItemSpec],
    out: Path,
    settings: RunSettings,
    existing: Existing,
    observer: Observer,
    should_cancel: ShouldCancel = never,
    infer: bool = True,
) -> list[ItemResult]:
    """As ``run_items``, but each input in a child process, and several at once.

    Raises:
        UnknownModelError, ModelFileError, OutputPathError: nothing can run at all.
    """
    with preload.at_hand(settings, items, infer), reached(items, out) as files:
        crew = _Crew(items, out, settings, existing, observer, infer, files)
        with crew.places.ended_at_last():
            return crew.run(should_cancel)


class _Crew:
    def __init__(
        self,
        items: list[ItemSpec],
        out: Path,
        settings: RunSettings,
        existing: Existing,
        observer: Observer,
        infer: bool,
        files: dict[str, Any],
    ) -> None:
        self._items, self._out, self._observer = items, out, observer
        self._parallel = at_once(settings.parallel, len(items), settings.device)
        self._memory_mb = memory_mb(settings.memory_mb, self._parallel)
        hello = {
            "out": str(out),
            "existing": existing,
            "infer": infer,
            "children": self._parallel,
            "run": replace(
                settings, frames_mb=frames_mb(settings.frames_mb, self._parallel)
            ).to_json(),
            "memory_bytes": self._memory_mb << 20,
            **files,
        }
        self.places = Places(hello)
        self._phase: Phase = "all"
        self._todo: deque[int] = deque()
        self._analyzed: set[int] = set()
        self._results: dict[int, ItemResult] = {}
        self._remarks: set[str] = set()
        self._stopping = False

    def run(self, should_cancel: ShouldCancel) -> list[ItemResult]:
        """Until every input has its result, or all that were begun when a stop was wished for."""
        if any(item.who for item in self._items):
            self._look_at_known()
        if relate.needed(self._items):
            self._work("timeline", should_cancel)
            self._relate()
            self._work("draw", should_cancel)
        else:
            self._work("all", should_cancel)
        return [
            self._results.get(n) or not_begun(item, self._out / item.name)
            for n, item in enumerate(self._items)
        ]

    def _work(self, phase: Phase, should_cancel: ShouldCancel) -> None:
        """Take all inputs through a phase."""
        self._phase = phase
        self._todo = deque(sorted(self._analyzed) if phase == "draw" else range(len(self._items)))
        while True:
            if not self._stopping and should_cancel():
                self._stop()
            self._deal()
            busy = self.places.busy()
            if not busy:
                break
            ready = wait([place.child.pipe for place in busy], LOOK_EVERY_S)
            for place in busy:
                if place.child.pipe in ready:
                    self._hear(place)
                elif trouble := self._trouble(place):
                    self._lost(place, trouble)

    def _look_at_known(self) -> None:
        """Have a child look at the photos of ``--who``: hours are not spent where they do
        not do.

        Raises:
            FerBatchError: one of them; or the child's end.
        """
        item = next(item for item in self._items if item.who)
        answer = self._ask(self.places.idle() or self.places.hire(), "known", item=item.to_json())
        if isinstance(answer, tuple):
            raise UsageError(f"--who: {item.who}: {answer[1]}")
        if answer["kind"] == "fatal":
            raise error_of(str(answer.get("code")), str(answer.get("words")))

    def _relate(self) -> None:
        """Have a child relate the inputs that are analyzed; those that this fails have failed."""
        numbers = sorted(self._analyzed)
        if not numbers or self._stopping:
            return
        place = self.places.idle() or self.places.hire()
        items = [self._items[n].to_json() for n in numbers]
        answer = self._ask(place, "relate", items=items)
        if isinstance(answer, tuple):
            self.places.dismiss(place)
            code, words = answer
            failures = [
                {"state": "failed", "code": code, "error": f"{self._items[n].input}: {words}"}
                for n in numbers
            ]
        else:
            failures = answer["failures"]
        for number, failure in zip(numbers, failures, strict=True):
            if failure is None:
                continue
            self._analyzed.discard(number)
            item = self._items[number]
            result = ItemResult.from_json(item, self._out / item.name, failure)
            self._keep(number, result)

    def _ask(self, place: Place, stage: str, **values: Any) -> dict[str, Any] | tuple[str, str]:
        """A child's answer; code and words where it has none and is at its end, or must be."""
        place.stage, place.moved = stage, time.monotonic()
        place.child.send(stage, **values)
        while True:
            while not wait([place.child.pipe], LOOK_EVERY_S):
                if trouble := self._trouble(place):
                    return trouble
            try:
                answer = receive(place.child.pipe)
            except EOFError:
                return place.child.how_it_ended()
            if answer["kind"] != "remark":
                return answer
            self._say(answer)

    def _say(self, remark: dict[str, Any]) -> None:
        """Pass a child's warning on, unless another has given it."""
        words = one_line(str(remark.get("words")))
        if words not in self._remarks and len(self._remarks) < MOST_REMARKS:
            self._remarks.add(words)
            logger.warning("%s", words)

    def _stop(self) -> None:
        self._stopping = True
        for place in self.places:
            place.child.send("stop")

    def _deal(self) -> None:
        """Give the next inputs to children that idle, starting children as far as wanted."""
        while self._todo and not self._stopping:
            idle = self.places.idle()
            if idle is None:
                if len(self.places) >= self._parallel:
                    break
                idle = self.places.hire()
            number = self._todo.popleft()
            item = self._items[number]
            idle.number, idle.stage = number, "probe"
            idle.begun = idle.moved = time.monotonic()
            if self._phase != "draw":
                self._observer.item_started(number, item)
            idle.child.send("item", number=number, item=item.to_json(), phase=self._phase)
        if len(self.places) >= self._parallel or (not self._todo and self._phase != "timeline"):
            # Nobody else is wanted, unless a child is lost. It keeps pages as they were before
            # children wrote to them: 50 MB.
            fork_server.end()

    def _hear(self, place: Place) -> None:
        """One message of a child."""
        try:
            message = receive(place.child.pipe)
        except EOFError:
            self._lost(place, place.child.how_it_ended())
            return
        place.moved = time.monotonic()
        kind = message["kind"]
        if kind == "fatal":
            raise error_of(str(message.get("code")), str(message.get("words")))
        if kind == "stage":
            place.stage = str(message["name"])
            self._observer.stage(place.number, place.stage, int(message["frames"]))
        elif kind == "advance":
            self._observer.advance(place.number, int(message["frames"]))
        elif kind == "remark":
            self._say(message)
        elif kind == "ended":
            item = self._items[place.number]
            self._end(place, ItemResult.from_json(item, self._out / item.name, message["result"]))

    def _trouble(self, place: Place) -> tuple[str, str] | None:
        """Why a child must be ended, code and words; None where it does well."""
        limit = self._memory_mb
        if resident_bytes(place.child.pid) > limit << 20:
            more = "`fer-batch run --memory-mb` gives it more"
            return "memory", f"needs more than {limit} MB of memory; {more}"
        if time.monotonic() - place.moved > STALLED_S.get(place.stage, STALLED_ELSE_S):
            minutes = round((time.monotonic() - place.moved) / 60)
            return "timeout", f"nothing moved for {plural(minutes, 'minute')}; given up"
        return None

    def _lost(self, place: Place, why: tuple[str, str]) -> None:
        """A child is at its end: the input it worked on has failed, its place is free."""
        self.places.dismiss(place)
        item = self._items[place.number]
        folder = self._out / item.name
        with suppress(OSError):
            folder.rmdir()  # made by the child, and still empty
        code, words = why
        state: Any = "failed"
        self._end(place, ItemResult(item, folder, state, error=f"{item.input}: {words}", code=code))

    def _end(self, place: Place, result: ItemResult) -> None:
        """An input is through with the phase."""
        number, seconds = place.number, time.monotonic() - place.begun
        place.number = -1
        if result.state == "analyzed":
            self._analyzed.add(number)
            self._observer.stage(number, "relate", 0)  # nothing more until all are there
            return
        self._keep(number, replace(result, seconds=result.seconds or seconds))

    def _keep(self, number: int, result: ItemResult) -> None:
        """Keep a result, and tell of it at once: a long input keeps nobody in the dark about the
        short ones behind it."""
        self._results[number] = replace(result, error=one_line(result.error))
        self._observer.item_ended(number, self._results[number])
