"""``fer-batch jobs``, ``cancel``, ``retry`` and ``rm``."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fer_batch.cli.console import echo, echo_data, echo_parts, styled
from fer_batch.cli.queue.access import Json, note, open_queue
from fer_batch.cli.queue.show import COLOURS, when
from fer_batch.errors import UsageError
from fer_batch.plural import plural
from fer_batch.printable import one_line

if TYPE_CHECKING:
    from fer_batch.jobs.ledger.job_status import JobStatus

OneJob = Annotated[str, typer.Argument(help="A job's id or its first letters.")]


def jobs(
    state: Annotated[
        str, typer.Option(help="Only jobs in this state: queued, running, done, failed, cancelled.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Jobs per page.")] = 20,
    page: Annotated[int, typer.Option(min=1, help="Which page.")] = 1,
    as_json: Json = False,
) -> None:
    """List jobs, newest first."""
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
    for job in found:
        colour = COLOURS[job.state].replace("bright_black", "white") if in_colour() else ""
        state_shown = f"{job.state:<9}"
        ended = f"{job.count - job.unfinished}/{job.count}"
        urgent = f"  {job.priority}" if job.priority != "normal" else ""
        rest = f"  {ended:>9}  {when(job.created):<16}  {job.name}{urgent}"
        shown = styled(state_shown, fg=colour) if colour else state_shown
        echo_parts(f"{job.job_id}  ", shown, one_line(rest))
    pages = -(-total // limit)
    if pages > 1:
        echo(f"page {page} of {pages}, {plural(total, 'job')}")


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


def cancel(job: OneJob) -> None:
    """Stop a job; the results of inputs that are done stay."""
    with open_queue() as queue:
        found = queue.cancel(queue.resolve(job))
    done = sum(item.state == "done" for item in found.items)
    were = "was" if done == 1 else "were"
    echo(f"cancelled {found.job_id}; {plural(done, 'input')} {were} already done")


def retry(job: OneJob) -> None:
    """Start a job's failed and cancelled inputs over."""
    with open_queue(start=True) as queue:
        job = queue.resolve(job)
        count = queue.retry(job)
    echo(f"{plural(count, 'input')} of {job} queued again")


def rm(
    jobs: Annotated[list[str], typer.Argument(help="Ids of jobs that have ended.")],
) -> None:
    """Forget jobs and delete their results from the storage.

    Exit status: 0 all is deleted, 1 some could not be: a line says why.
    """
    with open_queue() as queue:
        ids = list(dict.fromkeys(queue.resolve(text) for text in jobs))
        found = queue.remove_all(ids, lambda job: echo(f"removed {job}"))
        where = queue.storage.where
    for job in found.left:
        note(
            f"forgot {job}, but deleted nothing: storage {where} does not hold it; if it is only "
            f"away, mount it and run `fer-batch rm {job}` again"
        )
    if found.left:
        raise typer.Exit(1)
