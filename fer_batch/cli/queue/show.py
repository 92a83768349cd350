"""How jobs look: a table with bars for terminals, lines for pipes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from fer_batch.cli.cells import end_of, start_of, width
from fer_batch.cli.show import speed
from fer_batch.plural import plural
from fer_batch.printable import one_line

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from fer_batch.jobs.ledger.heartbeat import WorkerInfo
    from fer_batch.jobs.ledger.job_status import ItemStatus, JobStatus

COLOURS = {
    "queued": "bright_black",
    "running": "cyan",
    "done": "green",
    "failed": "red",
    "cancelled": "yellow",
}
# What to show first where not all fits.
URGENCY = {"failed": 0, "running": 1, "queued": 2, "cancelled": 3, "done": 4}
NARROW = 80  # columns
LEAST_NAME = 10  # cells
STAGES = {
    "probe": "looking",
    "analyze": "analysing",
    "assemble": "tracking",
    "relate": "comparing",
    "render": "drawing",
    "finish": "finishing",
}

NO_WORKER = "no worker seen yet: a new one takes seconds, `fer-batch doctor` looks for it"


def clock(seconds: float | None) -> str:
    """``1:05`` for 65 seconds, ``-`` for None."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def summary_line(job: JobStatus) -> str:
    """``4 of 9 inputs done, 1 failed``."""
    states = [item.state for item in job.items]
    parts = [f"{states.count('done')} of {plural(len(states), 'input')} done"]
    parts += [
        f"{states.count(state)} {state}"
        for state in ("running", "failed", "cancelled")
        if state in states
    ]
    return ", ".join(parts)


def progress_line(job: JobStatus) -> str:
    """One line for a log: state, inputs, frames, rate."""
    line = f"{job.job_id} {job.state}: {summary_line(job)}; {_gone_through(job)}"
    if job.eta_s is not None and not job.final:
        line += f"; about {clock(job.eta_s)} left"
    if job.error:
        line += f"; {job.error}"
    return line


def _gone_through(job: JobStatus) -> str:
    """``12/40 frames, 3/9 photos``: each where there are any, frames else."""
    parts = []
    for counted in ("frames", "photos"):
        items = [item for item in job.items if item.counted == counted]
        if items or (counted == "frames" and not job.items):
            done = sum(item.frames_done for item in items)
            total = sum(item.frames_total for item in items)
            parts.append(f"{done}/{plural(total, counted[:-1])}")
    return ", ".join(parts)


def ended_line(index: int, job: JobStatus) -> str:
    """One line for an input that has ended."""
    item = job.items[index]
    line = f"[{index + 1}/{len(job.items)}] {item.state}: "
    if item.error:
        return line + (item.error if item.input in item.error else f"{item.input}: {item.error}")
    line += item.input
    if item.state == "done":
        rate = f", {speed(item.frames_per_s, item.counted)}" if item.frames_per_s else ""
        line += f"  {plural(item.frames_total, item.counted[:-1])}{rate}"
    return line


def plain_lines(job: JobStatus, workers: list[WorkerInfo]) -> list[str]:
    """A status in text: a line for the job, for each input, for each worker."""
    lines = [progress_line(job)]
    for item in job.items:
        parts = [f"  {item.state:<9} {item.frames_done:>7}/{item.frames_total:<7} {item.input}"]
        if item.state == "running":
            parts.append(f"({_under_way(item)})")
        if item.error:
            parts.append(f"- {_of(item, item.error)}")
        parts += [f"[note: {warning}]" for warning in item.warnings]
        lines.append(" ".join(parts))
    lines += [f"  worker    {worker_line(worker, job)}" for worker in workers]
    if not workers and not job.final:
        lines.append(f"  {NO_WORKER}")
    return lines


def _under_way(item: ItemStatus) -> str:
    """What is done with an input, and for how long still where that is known."""
    left = f", {clock(item.eta_s)} left" if item.eta_s is not None else ""
    return STAGES.get(item.stage, item.stage) + left


def _of(item: ItemStatus, said: str) -> str:
    """What was said of an input, without its path, which stands beside it."""
    return said.removeprefix(f"{item.input}: ")


def worker_line(worker: WorkerInfo, shown: JobStatus) -> str:
    """What a worker is at, perhaps at another job than the one that is ``shown``."""
    if not worker.unit:
        return f"{worker.name} idle"
    job, _, unit = worker.unit.partition(" ")
    item, _, rest = unit.partition("/")
    stage = rest.partition("/")[0] or unit
    counted = "frames"
    if job == shown.job_id and item.isdigit() and int(item) < len(shown.items):
        counted = shown.items[int(item)].counted
    rate = f", {speed(worker.frames_per_s, counted)}" if worker.frames_per_s >= 0.01 else ""
    return f"{worker.name} {STAGES.get(stage, stage)} {job[:6]}{rate}"


def live_view(
    job: JobStatus, workers: list[WorkerInfo], columns: int, height: int
) -> RenderableType:
    """The table for a terminal of that many columns and rows; no higher than the terminal."""
    from rich.console import Group
    from rich.text import Text

    head = Text.assemble(
        (start_of(one_line(job.name), max(columns // 3, LEAST_NAME)), "bold"),
        ("  " + job.job_id, "bright_black"),
        ("  " + job.state, COLOURS[job.state]),
        "  " + summary_line(job),
        f", about {clock(job.eta_s)} left" if job.eta_s is not None and not job.final else "",
    )
    room = max(height - 6 - min(len(workers), 4), 4)
    parts: list[RenderableType] = [head, _table(job, room, columns)]
    hidden = len(job.items) - room
    if hidden > 0:
        parts.append(Text(f"  … and {hidden} more", style="bright_black"))
    if not job.final:
        parts += [
            Text(one_line("  " + worker_line(w, job)), style="bright_black") for w in workers[:4]
        ]
        if len(workers) > 4:
            parts.append(
                Text(f"  … and {plural(len(workers) - 4, 'more worker')}", style="bright_black")
            )
        if not workers:
            parts.append(Text(f"  {NO_WORKER}", style="yellow"))
    return Group(*parts)


def _table(job: JobStatus, room: int, columns: int) -> Table:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1), pad_edge=True, show_header=False, expand=False)
    items = list(job.items)
    if len(items) > room:
        items = sorted(items, key=lambda item: URGENCY[item.state])[:room]
    counts = [f"{i.frames_done}/{i.frames_total}" if i.frames_total else "" for i in items]
    # In a narrow terminal what matters is which input, how far and in what state.
    narrow = columns < NARROW
    name_width = max(LEAST_NAME if narrow else 16, min(40, columns // 3))
    names = [end_of(one_line(item.input), name_width) for item in items]
    bar_width = 24 if columns >= 100 else 12
    widths = [max(map(width, names)), bar_width, max(map(len, counts)), 7]
    if narrow:
        widths = [widths[0], widths[2]]
    for column, needed in enumerate(widths):
        right = narrow if column == 1 else column > 1
        side: Literal["left", "right"] = "right" if right else "left"
        table.add_column(justify=side, no_wrap=True, width=needed)
    # Lines must not wrap while the table moves; what ended is shown whole.
    overflow: Literal["fold", "ellipsis"] = "fold" if job.final else "ellipsis"
    rest = max(columns - sum(widths) - 2 * (len(widths) + 1), 10)
    table.add_column(overflow=overflow, no_wrap=not job.final, max_width=rest)
    for item, name, count in zip(items, names, counts, strict=True):
        colour = COLOURS[item.state]
        bar = ProgressBar(
            total=max(item.frames_total, 1),
            completed=item.frames_done,
            width=bar_width,
            complete_style=colour,
            finished_style=colour,
        )
        unit = "p/s" if item.counted == "photos" else "f/s"
        rate = Text(f"{item.frames_per_s:.0f} {unit}" if item.frames_per_s else "")
        told: list[RenderableType] = [Text(name), bar, Text(count), rate]
        table.add_row(*(told[::2] if narrow else told), _last_column(item))
    return table


def _last_column(item: ItemStatus) -> Text:
    """What to know of an item beside its numbers; its path stands in the first column already."""
    from rich.text import Text

    text = Text(style=COLOURS[item.state])
    if item.error:
        return text.append(one_line(_of(item, item.error)))
    if item.state == "running":
        return text.append(one_line(_under_way(item)))
    text.append(item.state)
    for warning in item.warnings:
        text.append(one_line(f"; note: {_of(item, warning)}"), style="yellow")
    return text


def when(seconds: float) -> str:
    """A moment in local time, without the date where it is today."""
    moment, today = time.localtime(seconds), time.localtime()
    if moment[:3] == today[:3]:
        return time.strftime("%H:%M:%S", moment)
    return time.strftime("%Y-%m-%d %H:%M", moment)
