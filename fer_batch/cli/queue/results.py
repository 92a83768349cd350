"""``fer-batch download`` and ``fer-batch logs``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fer_batch.cli import options as o
from fer_batch.cli.console import echo, echo_data
from fer_batch.cli.queue.access import Job, Json, note, open_queue, the_job
from fer_batch.cli.queue.show import when
from fer_batch.cli.queue.transfer import transfer
from fer_batch.cli.report import say_how_to_look
from fer_batch.corrections.read import NAMES as EDITS
from fer_batch.jobs.item.batch import add_downloaded
from fer_batch.output.formats.dialect import dialect_name
from fer_batch.output.stored import Failure
from fer_batch.outputs import parse_outputs
from fer_batch.plural import plural

if TYPE_CHECKING:
    from fer_batch.jobs.ledger.job_status import JobStatus

# States of inputs that are not to be had, as one says them.
NOT_THERE = {
    "failed": "failed",
    "cancelled": "cancelled",
    "running": "still running",
    "queued": "still queued",
}


def download(
    job: Job = "",
    out: o.Out = Path("fer-batch-out"),
    only: Annotated[
        str,
        typer.Option(
            help="Only these outputs, as `submit --outputs` names them.",
            autocompletion=o.complete_outputs,
        ),
    ] = "",
    csv_dialect: o.CsvDialect = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace other results that lie there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Download a job's results; resumes, verifies checksums.

    Results of other inputs or settings, and what was corrected or drawn again, stay as they are.
    Exit status: 0 the whole job is there; 1 what is finished is, but inputs failed, were cancelled
    or are not done yet, or results that lie there were not replaced.
    """
    wanted = frozenset(parse_outputs(only, "--only") if only else ())
    with open_queue() as queue:
        job = the_job(queue, job)
        found = queue.status(job)
        o.check_out(out)  # made only now that there is something to put into it
        # The tables of the job come plain, over those that lie there.
        dialect = csv_dialect or dialect_name(out / "summary.csv")
        with transfer("download") as progress:
            files, kept = queue.download(job, out, wanted, progress, overwrite)
    failures = [Failure(i.name, i.error or "", i.input) for i in found.items if i.state == "failed"]
    inputs = {item.name: item.input for item in found.items if item.name not in kept}
    edits = [
        out / name / file
        for name in inputs
        for file in EDITS
        if overwrite and (out / name / file).is_file()
    ]
    lines = add_downloaded(out, inputs, failures, dialect)
    if as_json:
        names = [str(path) for path in files]
        record = {"job_id": job, "state": found.state, "files": names, "kept": list(kept.values())}
        echo_data(json.dumps(record))
    else:
        echo(f"{plural(len(files), 'file')} in {out}")
        say_how_to_look(out)
    for line in [*lines, *kept.values()]:
        note(line)
    for file in edits:
        note(f"{file} is not applied; `fer-batch render {out}` does that")
    for item in found.items:
        if item.state == "failed":
            note(f"failed: {item.error or item.input}")
    if found.final and only and not files and not kept:
        note(f"job {job} has made none of {only}")
    if line := _missing(found):
        note(line)
    if kept or found.state != "done":
        raise typer.Exit(1)


def _missing(job: JobStatus) -> str:
    """What of a job is not there to be downloaded, and what to do; "" where all of it is."""
    states = [item.state for item in job.items]
    parts = [
        f"{states.count(state)} {words}" for state, words in NOT_THERE.items() if state in states
    ]
    of_all = f"{', '.join(parts) or 'the tables'} of {plural(len(states), 'input')}"
    if not job.final:
        return f"missing: {of_all}; download again when job {job.job_id} has ended"
    if job.state == "done":
        return ""
    told = f"missing: {of_all}; `fer-batch retry {job.job_id[:6]}` starts over"
    return f"{told} ({job.error})" if job.error else told


def logs(job: Job = "", as_json: Json = False) -> None:
    """Show what happened to a job."""
    with open_queue() as queue:
        job = the_job(queue, job)
        events = queue.log(job)
        names = [item.input for item in queue.status(job).items]
    if not events:
        note(f"nothing is known of what happened to {job}: Redis was emptied since it ended")
    for event in events:
        item = names[event.item] if 0 <= event.item < len(names) else ""
        if as_json:
            record = {"time": event.time, "level": event.level, "input": item, "text": event.text}
            echo_data(json.dumps(record))
        else:
            about = f"{item}: " if item and item not in event.text else ""
            echo(f"{when(event.time)}  {event.level:<7}  {about}{event.text}")
