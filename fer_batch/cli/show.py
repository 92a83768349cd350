"""How a local run is shown: bars on a terminal, plain lines in a pipe, nothing when quiet."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import typer

if TYPE_CHECKING:
    from fer_batch.jobs.item.local import ItemResult
    from fer_batch.jobs.item.work import ItemSpec

STAGES = {
    "probe": "looking",
    "analyze": "analysing",
    "render": "drawing",
    "finish": "finishing",
}
PLAIN_EVERY_S = 10.0


def outcome(result: ItemResult) -> str:
    """One line on what became of an input."""
    if result.state == "failed":
        return f"failed: {result.error}"
    if result.state == "cancelled":
        return f"stopped: {result.item.input}"
    if result.state == "reused":
        return f"up to date: {result.out}"
    frames = result.summary.get("frames", {})
    people = len(result.summary.get("people", ()))
    rate = frames.get("total", 0) / max(result.seconds, 1e-9)
    return (
        f"done: {result.out}  {frames.get('total', 0)} frames, "
        f"{people} {'person' if people == 1 else 'people'}, {rate:.0f} frames/s"
    )


class Silent:
    """Shows nothing but failures, on stderr."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def item_started(self, number: int, item: ItemSpec) -> None:
        """See ``Observer``."""

    def stage(self, name: str, frames: int) -> None:
        """See ``Observer``."""

    def advance(self, frames: int) -> None:
        """See ``Observer``."""

    def item_ended(self, number: int, result: ItemResult) -> None:
        """See ``Observer``."""
        if result.state == "failed":
            typer.echo(f"fer-batch: {result.error}", err=True)
        for warning in result.summary.get("warnings", ()):
            typer.echo(f"fer-batch: {result.item.input}: {warning}", err=True)


class Plain(Silent):
    """Lines for pipes and logs: one a finished input, and a sign of life every ten seconds."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._label = ""
        self._frames = self._done = 0
        self._said = time.monotonic()

    def item_started(self, number: int, item: ItemSpec) -> None:
        self._label = f"[{number + 1}/{self._total}] {item.input}"

    def stage(self, name: str, frames: int) -> None:
        self._frames, self._done, self._name = frames, 0, STAGES[name]

    def advance(self, frames: int) -> None:
        self._done += frames
        if time.monotonic() - self._said > PLAIN_EVERY_S:
            self._said = time.monotonic()
            typer.echo(f"{self._label}: {self._name}, {self._done}/{self._frames} frames")

    def item_ended(self, number: int, result: ItemResult) -> None:
        super().item_ended(number, result)
        if result.state != "failed":
            typer.echo(f"[{number + 1}/{self._total}] {outcome(result)}")


class Bars(Silent):
    """A bar for the batch and one for the current input, with frames/s and time left."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._console = Console()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}", style="cyan"),
            TimeRemainingColumn(compact=True),
            console=self._console,
            transient=True,
        )
        self._all = self._progress.add_task("inputs", total=total, rate="", visible=total > 1)
        self._current: Any = self._progress.add_task("", total=None, rate="")
        self._name = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def item_started(self, number: int, item: ItemSpec) -> None:
        self._name = item.name if len(item.name) <= 32 else f"{item.name[:31]}…"

    def stage(self, name: str, frames: int) -> None:
        self._begin, self._done = time.monotonic(), 0
        self._progress.reset(
            self._current,
            description=f"{self._name} · {STAGES[name]}",
            total=frames or None,
            rate="",
        )

    def advance(self, frames: int) -> None:
        self._done += frames
        rate = self._done / max(time.monotonic() - self._begin, 1e-3)
        self._progress.update(self._current, advance=frames, rate=f"{rate:.0f} frames/s")

    def item_ended(self, number: int, result: ItemResult) -> None:
        self._progress.advance(self._all)
        colour = {"done": "green", "reused": "green", "failed": "red", "cancelled": "yellow"}
        line = outcome(result)
        from rich.text import Text

        self._console.print(Text(line, style=colour[result.state]), soft_wrap=True)
        for warning in result.summary.get("warnings", ()):
            self._console.print(Text(f"  note: {warning}", style="yellow"), soft_wrap=True)
