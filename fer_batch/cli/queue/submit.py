"""``fer-batch submit``: hand inputs over and return."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fer_batch.cli import options as o
from fer_batch.cli.console import echo
from fer_batch.cli.queue.access import note, open_queue
from fer_batch.cli.queue.transfer import transfer
from fer_batch.cli.settings import with_settings
from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.errors import NotFoundError, UsageError
from fer_batch.outputs import parse_outputs
from fer_batch.plural import plural

if TYPE_CHECKING:
    from fer_batch.jobs.queue.submit import Request


@with_settings
def submit(
    paths: o.Paths,
    name: Annotated[str, typer.Option(help="A name for the job; the first path's otherwise.")] = "",
    priority: Annotated[str, typer.Option(help="low, normal or high.")] = "normal",
    outputs: o.Outputs = "",
    *,
    analyze: AnalyzeSettings,
    known_by: o.Who = None,
    render: RenderSettings,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Do the work even where an equal job was done.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end, as `wait` does.")] = False,
    as_json: o.Json = False,
) -> None:
    """Hand videos and images over to the queue; prints the job's id.

    Without FER_BATCH_REDIS_URL a queue is started on this machine. `fer-batch status` shows how
    far the job is, `fer-batch download` brings the results. Exit status: 0 it is queued; with
    --wait as of `wait`: 0 all inputs done, 1 some failed or the job was cancelled.
    """
    _check(paths, priority, analyze, render)
    if known_by is not None:
        analyze = _known_by(analyze, known_by)
    from fer_batch.jobs.queue.submit import Request

    made = parse_outputs(outputs) if outputs else ()
    _hand_over(
        Request(
            tuple(paths),
            name,
            priority,
            analyze,
            render,
            made,
            use_cache=not no_cache,
            who=known_by,
        ),
        wait,
        as_json,
    )


def _hand_over(request: Request, wait: bool, as_json: bool) -> None:
    """Submit, and say what the job is called."""
    with open_queue(start=True) as queue:
        with transfer("upload") as progress:
            done = queue.submit(request, progress)
        if done.reused:
            note("the same content, model and settings were submitted before; this is that job")
        else:
            number = plural(done.items, "input")
            note(f"submitted {number}; `fer-batch status` shows how far the job is")
        for line in done.notes:
            note(line)
        if not (wait and as_json):
            echo(json.dumps({"job_id": done.job_id}) if as_json else done.job_id)
        if wait:
            from fer_batch.cli.queue.watch import wait_for

            wait_for(queue, done.job_id, as_json)


def _check(
    paths: Sequence[Path], priority: str, analyze: AnalyzeSettings, render: RenderSettings
) -> None:
    """What can be told before a queue is asked, or started."""
    from fer_batch.emotion.models import find_model
    from fer_batch.jobs.ledger.spec import PRIORITIES

    if priority not in PRIORITIES:
        raise UsageError(
            f"--priority: unknown priority {priority!r}; choose from low, normal, high"
        )
    if all(map(o.is_missing, paths)):  # of several, those that are there are done
        raise NotFoundError("; ".join(f"{path}: not found; check the path" for path in paths))
    if render.keep_embeddings:
        raise UsageError("--keep-embeddings: the queue keeps none; use `fer-batch run`")
    o.check_labels(render.labels, find_model(analyze.model).labels, analyze.model)


def _known_by(analyze: AnalyzeSettings, folder: Path) -> AnalyzeSettings:
    """Settings that name people by the photos in ``folder``, which have been looked at here: no
    worker need find out that one of them shows nobody.

    Raises:
        UsageError: a photo will not do.
    """
    from fer_batch.config import RunSettings
    from fer_batch.jobs.item.across import photos_by_name
    from fer_batch.jobs.item.who import asking_for, read_who
    from fer_batch.jobs.item.work import ItemSpec
    from fer_batch.pipeline.build import Engine

    found = asking_for(analyze, read_who(folder))
    photos_by_name([ItemSpec("", "", found, who=str(folder))], Engine(RunSettings()))
    return found
