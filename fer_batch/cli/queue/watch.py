"""``fer-batch status`` and ``fer-batch wait``: a live table on a terminal, text in a pipe."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from fer_batch.cli.console import echo, echo_data
from fer_batch.cli.queue.access import Job, Json, note, open_queue, the_job
from fer_batch.cli.queue.show import ended_line, live_view, plain_lines, progress_line
from fer_batch.errors import BrokerError

if TYPE_CHECKING:
    from fer_batch.jobs.ledger.job_status import JobStatus
    from fer_batch.jobs.queue.client import QueueClient

REFRESH_S = 1.0
PLAIN_EVERY_S = 10.0


def status(
    job: Job = "",
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Keep showing until the job has ended.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show how far a job is, input by input.

    Exit status: 0 it could be shown. With --watch as of `wait`: 0 all inputs done, 1 some failed or
    the job was cancelled.
    """
    with open_queue() as queue:
        job = the_job(queue, job)
        if watch:
            wait_for(queue, job, as_json)
        found = queue.status(job)
        if as_json:
            echo_data(json.dumps(found.to_json()))
        elif sys.stdout.isatty():
            from rich.console import Console

            console = Console()
            console.print(live_view(found, queue.workers(), *console.size))
        else:
            for line in plain_lines(found, queue.workers()):
                echo(line)


def wait(job: Job = "", as_json: Json = False) -> None:
    """Wait until a job has ended.

    Exit status: 0 all inputs done, 1 some failed or the job was cancelled.
    """
    with open_queue() as queue:
        wait_for(queue, the_job(queue, job), as_json)


def wait_for(queue: QueueClient, job: str, as_json: bool) -> NoReturn:
    """Show progress until the job has ended, then exit with the status that says how."""
    try:
        if as_json:
            *_, found = queue.watch(job, REFRESH_S, note)
            echo_data(json.dumps(found.to_json()))
        else:
            found = _follow(queue, job)
            if any(item.state == "done" for item in found.items):
                note(f"`fer-batch download {job[:6]} -o FOLDER` brings the results here")
    except KeyboardInterrupt:
        note(f"job {job} goes on; `fer-batch status {job[:6]}` shows it, `cancel` stops it")
        raise typer.Exit(130) from None
    raise typer.Exit(0 if found.state == "done" else 1)


def _follow(queue: QueueClient, job: str) -> JobStatus:
    """Show the job until it has ended; returns its last status."""
    if not sys.stdout.isatty():
        return _follow_plain(queue, job)
    from rich.console import Console
    from rich.live import Live

    console = Console()
    last: JobStatus | None = None
    with Live(console=console, refresh_per_second=4, vertical_overflow="crop") as live:
        for found in queue.watch(job, REFRESH_S, lambda line: console.print(line, markup=False)):
            with suppress(BrokerError):  # the next look says so
                live.update(live_view(found, queue.workers(), *console.size))
            last = found
    assert last is not None
    return last


def _follow_plain(queue: QueueClient, job: str) -> JobStatus:
    """One line an input that ends, and a sign of life every ten seconds."""
    ended: set[int] = set()
    said = time.monotonic()
    last: JobStatus | None = None
    for found in queue.watch(job, REFRESH_S, note):
        for index, item in enumerate(found.items):
            if index not in ended and item.state in ("done", "failed", "cancelled"):
                ended.add(index)
                echo(ended_line(index, found))
                said = time.monotonic()
        if time.monotonic() - said > PLAIN_EVERY_S and not found.final:
            echo(progress_line(found))
            said = time.monotonic()
        last = found
    assert last is not None
    echo(progress_line(last))
    return last
