"""``fer-batch download`` and ``fer-batch logs``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from fer_batch.cli import options as o
from fer_batch.cli.console import about, echo, echo_data
from fer_batch.cli.queue.access import Job, Json, note, open_queue, the_job
from fer_batch.cli.queue.show import when
from fer_batch.corrections.read import NAME as EDITS
from fer_batch.jobs.item.batch import add_downloaded
from fer_batch.output.formats.dialect import dialect_name
from fer_batch.output.stored import Failure, read_record
from fer_batch.outputs import parse_outputs
from fer_batch.plural import plural


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
    Exit status: 0 all that is finished is there, 1 some was not replaced.
    """
    wanted = frozenset(parse_outputs(only, "--only") if only else ())
    o.check_out(out)
    # The tables of the job come plain, over those that lie there.
    dialect = csv_dialect or dialect_name(out / "summary.csv")
    with open_queue() as queue:
        job = the_job(queue, job)
        found = queue.status(job)
        with _transfer() as progress:
            files, kept = queue.download(job, out, wanted, progress, overwrite)
    failures = [Failure(i.name, i.error or "", i.input) for i in found.items if i.state == "failed"]
    inputs = {item.name: item.input for item in found.items if item.name not in kept}
    edits = [out / name for name in inputs if overwrite and (out / name / EDITS).is_file()]
    lines = add_downloaded(out, inputs, failures, dialect)
    if as_json:
        names = [str(path) for path in files]
        record = {"job_id": job, "state": found.state, "files": names, "kept": list(kept.values())}
        echo_data(json.dumps(record))
    else:
        echo(f"{plural(len(files), 'file')} in {out}")
    for line in [*_warnings(out, inputs), *lines, *kept.values()]:
        note(line)
    for folder in edits:
        note(f"{folder / EDITS} is not applied; `fer-batch render {out}` does that")
    if not found.final:
        note(f"job {job} is still {found.state}; download again for the rest")
    elif only and not files and not kept:
        note(f"job {job} has made none of {only}")
    elif stopped := sum(item.state == "cancelled" for item in found.items):
        note(f"cancelled: {plural(stopped, 'input')}; `fer-batch retry {job[:6]}` starts over")
    failed = [item for item in found.items if item.state == "failed"]
    for item in failed:
        note(f"failed: {item.error or item.input}")
    if kept:
        raise typer.Exit(1)


def _warnings(out: Path, inputs: Mapping[str, str]) -> list[str]:
    """What there is to be said of the results called so, as `run` says it."""
    return [
        about(path, warning)
        for name, path in inputs.items()
        for warning in read_record(out / name).get("warnings", ())
    ]


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


@contextmanager
def _transfer() -> Iterator[Callable[[int, int], None]]:
    """A bar for the download on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("download"), BarColumn(28), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("download", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
