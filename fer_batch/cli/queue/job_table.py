"""How ``fer-batch jobs`` lists jobs: columns and a header in a terminal, whole lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from fer_batch.cli.cells import padded, start_of, width
from fer_batch.cli.queue.show import LEAST_NAME, when
from fer_batch.printable import one_line

if TYPE_CHECKING:
    from fer_batch.jobs.ledger.job_status import JobStatus

FEWEST_LETTERS = 6  # of an id; commands take an id's first letters
BETWEEN = "  "


class Column(NamedTuple):
    """``texts`` without the header, on one line each."""

    title: str
    texts: Sequence[str]
    right: bool = False

    @property
    def cells(self) -> int:
        return max(map(width, (self.title, *self.texts)))


def job_lines(
    jobs: Sequence[JobStatus],
    columns: int,
    coloured: Callable[[str, JobStatus], str] = lambda text, job: text,
) -> Iterator[str]:
    """Lines for ``jobs``, newest first, printable as they are.

    ``columns``: of the terminal, none of whose lines wraps, below a header; 0: no terminal, whole
    lines without a header, for scripts. ``coloured`` gets a job's state, as wide as its column.
    """
    ids, state, inputs, created, name = _columns(jobs)
    if not columns:
        shown = [ids, state, inputs, created]
        room = 0
    else:
        short = ids._replace(texts=_first_letters(ids.texts))
        layouts = [[ids, state, inputs, created], [ids, state, inputs], [short, state, inputs]]
        wanted = min(name.cells, LEAST_NAME)
        rooms = [columns - _cells(layout) for layout in layouts]
        best = next((i for i, room in enumerate(rooms) if room >= wanted), len(layouts) - 1)
        shown, room = layouts[best], max(rooms[best], 1)
        yield start_of(_line(shown, -1) + name.title, columns)
    for index, job in enumerate(jobs):
        line = _line(shown, index, lambda text, job=job: coloured(text, job))  # type: ignore[misc]
        yield line + (start_of(name.texts[index], room) if room else name.texts[index])


def _columns(jobs: Sequence[JobStatus]) -> tuple[Column, ...]:
    urgent = [f"{BETWEEN}{job.priority}" if job.priority != "normal" else "" for job in jobs]
    return (
        Column("JOB", [job.job_id for job in jobs]),
        Column("STATE", [f"{job.state:<9}" for job in jobs]),
        Column("INPUTS", [f"{job.count - job.unfinished}/{job.count}" for job in jobs], right=True),
        Column("CREATED", [when(job.created) for job in jobs]),
        Column("NAME", [one_line(job.name + more) for job, more in zip(jobs, urgent, strict=True)]),
    )


def _cells(layout: Iterable[Column]) -> int:
    """What columns take, with the space behind each."""
    return sum(column.cells + len(BETWEEN) for column in layout)


def _line(
    layout: Sequence[Column], index: int, coloured: Callable[[str], str] = lambda text: text
) -> str:
    """The row of that index, -1 for the header, up to where the name begins."""
    parts = []
    for number, column in enumerate(layout):
        text = column.title if index < 0 else column.texts[index]
        text = padded(text, column.cells, right=column.right)
        parts.append(coloured(text) if number == 1 and index >= 0 else text)
    return BETWEEN.join((*parts, ""))


def _first_letters(ids: Sequence[str]) -> list[str]:
    """As few letters of each as tell them apart, alike many of all."""
    count = FEWEST_LETTERS
    while count < max(map(len, ids)) and len({one[:count] for one in ids}) < len(set(ids)):
        count += 1
    return [one[:count] for one in ids]
