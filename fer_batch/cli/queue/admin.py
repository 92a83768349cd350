"""``fer-batch jobs``, ``cancel``, ``retry`` and ``rm``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fer_batch.cli import options as o
from fer_batch.cli.cells import terminal_columns
from fer_batch.cli.console import echo, echo_data, echo_parts, styled
from fer_batch.cli.queue.access import Json, note, open_queue
from fer_batch.cli.queue.job_table import job_lines
from fer_batch.cli.queue.show import COLOURS
from fer_batch.errors import JobError, UsageError
from fer_batch.plural import plural

if TYPE_CHECKING:
    from fer_batch.jobs.ledger.job_status import JobStatus
    from fer_batch.jobs.queue.client import QueueClient

SomeJobs = Annotated[list[str], typer.Argument(help="Ids of jobs, or their first letters.")]


def jobs(
    state: Annotated[
        str, typer.Option(help="Only jobs in this state: queued, running, done, failed, cancelled.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Jobs per page.")] = 20,
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    as_json: Json = False,
) -> None:
    """List jobs, newest first.

    In a terminal below a header, each on one line; elsewhere whole lines for scripts.
    """
    if state and state not in COLOURS:
        raise UsageError(f"--state: unknown state {state!r}; choose from {', '.join(COLOURS)}")
    with open_queue() as queue:
        found, total = queue.jobs(state, limit, (page - 1) * limit)
        aside = queue.aside()
    for job_id, reason in aside.items():
        note(f"job {job_id} is set aside: {reason}")
    if as_json:
        echo_data(json.dumps({"total": total, "jobs": [_as_data(job) for job in found]}))
        return
    if not found:
        where = f" in state {state}" if state else ""
        echo(f"page {page} is empty: {plural(total, 'job')}{where}" if total else f"no jobs{where}")
        return
    for line in job_lines(found, terminal_columns(), _in_its_colour):
        echo_parts(line)
    pages = -(-total // limit)
    if pages > 1:
        echo(f"page {page} of {pages}, {plural(total, 'job')}")


def _in_its_colour(text: str, job: JobStatus) -> str:
    colour = COLOURS[job.state].replace("bright_black", "white")
    return styled(text, fg=colour) if in_colour() else text


def in_colour() -> bool:
    """Whether stdout shows colours: a terminal that can, and a user who wants them (NO_COLOR)."""
    dumb = os.environ.get("TERM") == "dumb" or os.environ.get("NO_COLOR")
    return sys.stdout.isatty() and not dumb


def _as_data(job: JobStatus) -> dict[str, object]:
    return {
        "job_id": job.job_id,
        "name": job.name,
        "state": job.state,
        "priority": job.priority,
        "created": job.created,
        "finished": job.finished,
        "inputs": job.count,
        "inputs_ended": job.count - job.unfinished,
    }


def cancel(jobs: SomeJobs) -> None:
    """Stop jobs; the results of inputs that are done stay.

    Exit status: 0 all are cancelled, 1 some could not be: a line says why.
    """
    with open_queue() as queue:

        def stop(job: str) -> None:
            found = queue.cancel(job)
            done = sum(item.state == "done" for item in found.items)
            were = "was" if done == 1 else "were"
            echo(f"cancelled {found.job_id}; {plural(done, 'input')} {were} already done")

        _each(queue, jobs, stop)


def retry(jobs: SomeJobs) -> None:
    """Start the failed and cancelled inputs of jobs over.

    Exit status: 0 all are queued again, 1 some jobs could not be: a line says why.
    """
    with open_queue(start=True) as queue:

        def start_over(job: str) -> None:
            echo(f"{plural(queue.retry(job), 'input')} of {job} queued again")

        _each(queue, jobs, start_over)


def rm(
    jobs: Annotated[
        list[str], typer.Argument(help="Ids of jobs that have ended, or their first letters.")
    ],
) -> None:
    """Forget jobs and delete their results from the storage.

    Exit status: 0 all is deleted, 1 some could not be: a line says why, the others are gone.
    """
    ids: list[str] = []
    with open_queue() as queue:
        refused = list(_attempted(queue, jobs, ids.append))
        found = queue.remove_all(ids, lambda job: echo(f"removed {job}"))
        where = queue.storage.where
    for job in found.left:
        note(
            f"forgot {job}, but deleted nothing: storage {where} does not hold it; if it is only "
            f"away, mount it and run `fer-batch rm {job}` again"
        )
    o.end_with([*refused, *found.refused])
    if found.left:
        raise typer.Exit(1)


def _each(queue: QueueClient, texts: Sequence[str], act: Callable[[str], None]) -> None:
    """Do something for each job that a text of ``texts`` names, once, whatever hinders others.

    Raises:
        JobError: for one of them it cannot be done; for others, a line has been printed before.
    """
    o.end_with(list(_attempted(queue, texts, act)))


def _attempted(
    queue: QueueClient, texts: Sequence[str], act: Callable[[str], None]
) -> Iterator[JobError]:
    """Do it for each; what hindered it, for each for which it could not be done."""
    met: set[str] = set()
    for text in texts:
        try:
            job = queue.resolve(text)
            if job not in met:
                met.add(job)
                act(job)
        except JobError as error:
            yield error
