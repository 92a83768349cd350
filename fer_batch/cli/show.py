"""How a local run is shown: bars on a terminal, plain lines in a pipe, nothing when quiet."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fer_batch.cli.cells import end_of
from fer_batch.cli.console import echo
from fer_batch.plural import plural
from fer_batch.printable import about, one_line

if TYPE_CHECKING:
    from rich.progress import Progress

    from fer_batch.jobs.item.outcome import ItemResult
    from fer_batch.jobs.item.work import ItemSpec

STAGES = {
    "probe": "looking",
    "analyze": "analysing",
    "relate": "waiting for the others",
    "render": "drawing",
    "finish": "finishing",
}
PLAIN_EVERY_S = 10.0
NAME_WIDTH = 32
WIDE = 110  # columns of a terminal that has room for all that bars show
NARROW = 58  # of one that has room for bars at all
BESIDES = 33  # cells for the stage, the count of frames and the time left


def outcome(result: ItemResult) -> str:
    """One line on what became of an input."""
    if result.state == "failed":
        return f"failed: {result.error}"
    if result.state == "cancelled":
        return f"stopped: {result.item.input}"
    if result.state == "reused":
        return f"up to date: {result.out}"
    photos = result.summary.get("photos")
    frames = photos or result.summary.get("frames", {})
    people = len(result.summary.get("people", ()))
    rate = frames.get("total", 0) / max(result.seconds, 1e-9)
    if photos:
        total, faces = photos.get("total", 0), result.summary.get("faces", 0)
        return (
            f"done: {result.out}  {plural(total, 'photo')}, "
            f"{plural(faces, 'face')}, {speed(rate, 'photos')}"
        )
    return (
        f"done: {result.out}  {plural(frames.get('total', 0), 'frame')}, "
        f"{plural(people, 'person')}, {speed(rate, 'frames')}"
    )


def speed(rate: float, what: str) -> str:
    """``25, "frames"`` to ``25 frames/s``; decimals below ten, so that a slow one is not 0."""
    decimals = 0 if rate >= 9.95 or rate <= 0 else 1 if rate >= 0.995 else 2
    return f"{rate:.{decimals}f} {what}/s"


class Silent:
    """Shows nothing but failures, on stderr.

    What became of inputs is said in their order, however they end.
    """

    def __init__(self) -> None:
        self._kept: dict[int, ItemResult] = {}  # of those that wait for one before them
        self._next = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number in sorted(self._kept):  # behind one that a stop left without an end
            self._say(number, self._kept.pop(number))

    def item_started(self, number: int, item: ItemSpec) -> None:
        """See ``Observer``."""

    def stage(self, number: int, name: str, frames: int) -> None:
        """See ``Observer``."""

    def advance(self, number: int, frames: int) -> None:
        """See ``Observer``."""

    def item_ended(self, number: int, result: ItemResult) -> None:
        """See ``Observer``."""
        self._kept[number] = result
        while self._next in self._kept:
            self._say(self._next, self._kept.pop(self._next))
            self._next += 1

    def _say(self, number: int, result: ItemResult) -> None:
        """Say what became of an input."""
        if result.state == "failed":
            echo(f"fer-batch: {result.error}", err=True)
        for warning in result.summary.get("warnings", ()):
            echo(f"fer-batch: {about(result.item.input, warning)}", err=True)


@dataclass
class _Going:
    """An input that is being worked on: how it is called, and how far it is."""

    label: str
    stage: str = "looking"
    frames: int = 0
    done: int = 0
    begun: float = field(default_factory=time.monotonic)

    @property
    def waits(self) -> bool:
        """Whether nothing is done about it until the other inputs are as far."""
        return self.stage == STAGES["relate"]

    def begin(self, stage: str, frames: int) -> None:
        """A new stage of ``frames`` frames."""
        self.stage, self.frames, self.done = STAGES[stage], frames, 0
        self.begun = time.monotonic()

    @property
    def rate(self) -> str:
        """Frames a second of this stage so far."""
        return speed(self.done / max(time.monotonic() - self.begun, 1e-3), "frames")


class Plain(Silent):
    """Lines for pipes and logs: one a finished input, and a sign of life every ten seconds."""

    def __init__(self, total: int) -> None:
        super().__init__()
        self._total = total
        self._going: dict[int, _Going] = {}
        self._logged = time.monotonic()

    def item_started(self, number: int, item: ItemSpec) -> None:
        self._going[number] = _Going(f"[{number + 1}/{self._total}] {item.input}")

    def stage(self, number: int, name: str, frames: int) -> None:
        self._going[number].begin(name, frames)

    def advance(self, number: int, frames: int) -> None:
        self._going[number].done += frames
        if time.monotonic() - self._logged > PLAIN_EVERY_S:
            self._logged = time.monotonic()
            for going in self._going.values():
                if going.waits:
                    continue
                far = f", {going.done}/{plural(going.frames, 'frame')}" if going.frames else ""
                echo(f"{going.label}: {going.stage}{far}")

    def item_ended(self, number: int, result: ItemResult) -> None:
        del self._going[number]
        super().item_ended(number, result)

    def _say(self, number: int, result: ItemResult) -> None:
        super()._say(number, result)
        if result.state != "failed":
            echo(f"[{number + 1}/{self._total}] {outcome(result)}")


class Bars(Silent):
    """A bar for the batch and one for each input at work, with frames/s and time left."""

    def __init__(self, total: int) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._console = Console()
        columns = self._console.width
        wide = columns >= WIDE
        # In a narrow terminal the name and the rate give way, or nothing is left of the bar; in a
        # very narrow one the bar does, or nothing is left of the name.
        bar_width = 28 if wide else 12 if columns >= NARROW else 0
        self._name_width = NAME_WIDTH if wide else max(columns - (bar_width + 1) - BESIDES, 4)
        bar = [BarColumn(bar_width=bar_width)] if bar_width else []
        rate = [TextColumn("{task.fields[rate]}", style="cyan")] if wide else []
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            *bar,
            MofNCompleteColumn(),
            *rate,
            TimeRemainingColumn(compact=True),
            console=self._console,
            transient=True,
        )
        self._all = self._progress.add_task("inputs", total=total, rate="", visible=total > 1)
        self._going: dict[int, _Going] = {}
        self._tasks: dict[int, Any] = {}

    def __rich__(self) -> Progress:
        """What stands in the terminal while it goes on."""
        return self._progress

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        self._progress.stop()

    def item_started(self, number: int, item: ItemSpec) -> None:
        label = end_of(one_line(item.name), self._name_width)
        self._going[number] = _Going(label)
        self._tasks[number] = self._progress.add_task(label, total=None, rate="")

    def stage(self, number: int, name: str, frames: int) -> None:
        going = self._going[number]
        going.begin(name, frames)
        words = f"{going.label} · {going.stage}"
        self._progress.reset(
            self._tasks[number],
            description=words,
            total=frames or None,
            rate="",
            visible=not going.waits,
        )

    def advance(self, number: int, frames: int) -> None:
        self._going[number].done += frames
        self._progress.update(self._tasks[number], advance=frames, rate=self._going[number].rate)

    def item_ended(self, number: int, result: ItemResult) -> None:
        del self._going[number]
        self._progress.remove_task(self._tasks.pop(number))
        self._progress.advance(self._all)
        super().item_ended(number, result)

    def _say(self, number: int, result: ItemResult) -> None:
        colour = {"done": "green", "reused": "green", "failed": "red", "cancelled": "yellow"}
        line = outcome(result)
        from rich.text import Text

        self._console.print(Text(one_line(line), style=colour[result.state]), soft_wrap=True)
        for warning in result.summary.get("warnings", ()):
            self._console.print(
                Text(one_line(f"  note: {warning}"), style="yellow"), soft_wrap=True
            )
