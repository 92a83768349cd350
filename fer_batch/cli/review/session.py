"""What a review knows of the results: their corrections, checked and saved, and drawing them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.config import RenderSettings, RunSettings
from fer_batch.corrections.read import (
    LONGEST,
    edits_file,
    parse_edits,
    read_edits,
    text_of,
)
from fer_batch.errors import FerBatchError, NotFoundError, UsageError
from fer_batch.output.stored import Stored, holds_results, read_record, results_of

if TYPE_CHECKING:
    from fer_batch.jobs.item.work import ItemSpec
    from fer_batch.types import Timeline


class ChangedError(FerBatchError):
    """The file of corrections is not as it was when the page read it."""


@dataclass
class Drawing:
    """How far drawing a result again is. ``state``: idle, drawing, done or failed."""

    name: str = ""
    state: str = "idle"
    stage: str = ""
    frames: int = 0
    done: int = 0
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """As the page is told."""
        return dict(vars(self))


@dataclass
class _Watch:
    """An ``Observer`` that writes progress down."""

    drawing: Drawing

    def item_started(self, number: int, item: ItemSpec) -> None:
        """See ``Observer``."""

    def stage(self, number: int, name: str, frames: int) -> None:
        """See ``Observer``."""
        self.drawing.stage, self.drawing.frames, self.drawing.done = name, frames, 0

    def advance(self, number: int, frames: int) -> None:
        """See ``Observer``."""
        self.drawing.done += frames

    def item_ended(self, number: int, result: Any) -> None:
        """See ``Observer``."""


@dataclass
class Session:
    """A folder of results under review. Results are known by name, never by a path from a page."""

    folder: Path
    drawing: Drawing = field(default_factory=Drawing)
    _saving: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _drawn_now: Stored | None = None

    def __post_init__(self) -> None:
        """Raises NotFoundError: the folder holds no results."""
        self.folder = self.folder.resolve()
        if not self.folder.is_dir():
            raise NotFoundError(f"{self.folder}: there is no such folder")
        if not (self._stored("") or holds_results(self.folder)):
            raise NotFoundError(f"{self.folder}: holds no results; make them with `fer-batch run`")

    def _stored(self, name: str) -> Stored | None:
        """The result in the folder ``name`` below the one under review, "" for itself; None where
        there is none. Neither links nor hidden folders lead to one."""
        place = self.folder
        for part in name.split("/") if name else ():
            place = place / part
            if part in ("", "..") or part.startswith(".") or "\0" in part or place.is_symlink():
                return None
        summary = read_record(place)
        if not summary:
            return None
        return Stored(name or results_of(self.folder)[1], place, summary)

    def result(self, name: str) -> Stored:
        """A result by name.

        Raises:
            NotFoundError: there is none.
        """
        found = self._stored(name)
        if found is None and self.drawing.state == "drawing" and self.drawing.name == name:
            found = self._drawn_now  # its record is written last
        if found is None:
            raise NotFoundError(f"{name}: there is no such result here")
        return found

    def lines(self, name: str) -> list[str]:
        """The corrections of a result as lines of ``edits.csv``.

        Raises:
            NotFoundError: there is no such result.
            UsageError: a line is wrong; it is named.
        """
        return list(read_edits(self.result(name).folder))

    def save(self, name: str, before: Sequence[str], lines: Sequence[str]) -> list[str]:
        """Write ``lines`` as a result's ``edits.csv``, or into an ``edits.json`` that is there, if
        all of them can be applied; ``before``: what the page took them to be. Returns what is there
        then.

        Raises:
            NotFoundError: there is no such result.
            ChangedError: somebody else has changed them.
            UsageError: a line is wrong or cannot be applied; it is named and nothing is written.
            NoSpaceError, OutputPathError: the file cannot be written.
        """
        from fer_batch.atomic import write_error, write_text
        from fer_batch.corrections.apply import corrected

        result = self.result(name)
        path = edits_file(result.folder)
        text = "".join(f"{line}\n" for line in lines)
        if len(text.encode("utf-8", "surrogatepass")) > LONGEST:
            raise UsageError(
                f"{path.name}: is larger than a megabyte, which no list of corrections is"
            )
        if any(line.splitlines() not in ([], [line]) or "\0" in line for line in lines):
            raise UsageError(f"{path.name}: a line holds a line break")
        with self._saving:
            if list(before) != list(read_edits(result.folder)):
                raise ChangedError(f"{path.name} was changed meanwhile; load the page again")
            edits = parse_edits(tuple(lines), path.name)
            corrected(shown_before_edits(result), edits, path.name)
            if edits or any(line.strip().startswith("#") for line in lines):
                write_text(path, text_of(tuple(lines), path))
            else:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    raise write_error(error, path) from error
            return list(read_edits(result.folder))

    def draw(self, name: str) -> None:
        """Begin to draw a result again in the background, as it was drawn before.

        Raises:
            NotFoundError: there is no such result.
            UsageError: another one is being drawn.
        """
        result = self.result(name)
        with self._saving:
            if self.drawing.state == "drawing":
                raise UsageError("a result is being drawn already; wait for it")
            self.drawing, self._drawn_now = Drawing(name, "drawing"), result
        arguments = (result, self.drawing)
        self._thread = threading.Thread(target=self._draw, args=arguments, name="draw")
        self._thread.start()

    def _draw(self, result: Stored, drawing: Drawing) -> None:
        try:
            drawing.error = self._drawn(result, _Watch(drawing))
        except FerBatchError as error:
            drawing.error = str(error)
        except Exception as error:  # a defect of ours: the page must not wait for ever
            drawing.error = f"{result.name}: could not be drawn ({type(error).__name__}: {error})"
        drawing.state = "failed" if drawing.error else "done"

    def _drawn(self, result: Stored, watch: _Watch) -> str:
        """Draw; returns what went wrong, "" where nothing did."""
        from fer_batch.cli.render import stored_items
        from fer_batch.jobs.item.batch import write_again
        from fer_batch.jobs.item.children.crew import run_isolated
        from fer_batch.jobs.item.edited import with_edits

        settings = result.summary.get("settings", {}).get("render", {})
        render = replace(RenderSettings.from_json(settings), edits=())
        ((out, items),) = stored_items([result.folder], render, ()).items()
        items = with_edits(items, out)
        (done,) = run_isolated(
            items, out, RunSettings(), "resume", watch, self._stop.is_set, infer=False
        )
        if (out / "summary.csv").is_file():
            write_again(out)
        return done.error or ("" if done.state in ("done", "reused") else "stopped")

    def stop(self) -> None:
        """Stop drawing; what is half drawn is not kept."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()


def shown_before_edits(result: Stored) -> Timeline:
    """What corrections are applied to: the analysed timeline, with people as they were compared
    across inputs.

    Raises:
        NotFoundError: the result keeps no numbers.
        UnreadableError: they are damaged.
    """
    from fer_batch.jobs.item.across import with_persons
    from fer_batch.jobs.item.known import known_in
    from fer_batch.timeline_file import ANALYSED, read_timeline
    from fer_batch.timeline_file import NAME as SHOWN

    for name in (ANALYSED, SHOWN):
        if (result.folder / name).is_file():
            timeline = read_timeline(result.folder / name)
            known = known_in(result.folder, result.summary)
            if not known.person or name == SHOWN:
                return timeline
            return with_persons(timeline, known.person, known.names)
    raise NotFoundError(f"{result.folder}: keeps no numbers; analyse again with `fer-batch run`")
