"""``fer-batch run``: videos and images in, results out, on this machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from fer_batch.cli import options as o
from fer_batch.cli.console import echo, echo_data
from fer_batch.cli.report import say_how_to_look
from fer_batch.cli.settings import with_settings
from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.errors import NoSpaceError, NotFoundError, UsageError
from fer_batch.outputs import parse_outputs

if TYPE_CHECKING:
    from fer_batch.cli.show import Silent
    from fer_batch.jobs.item.outcome import Existing, ItemResult
    from fer_batch.jobs.item.work import ItemSpec

# Inputs that a message names.
MOST_NAMED = 3


@with_settings
def run(
    paths: o.Paths,
    out: o.Out = Path("fer-batch-out"),
    outputs: o.Outputs = "",
    *,
    analyze: AnalyzeSettings,
    known_by: o.Who = None,
    settings: RunSettings,
    render: RenderSettings,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Make everything again, replace what is there.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on; what differs in drawing and outputs alone is drawn again."
        ),
    ] = False,
    csv_dialect: o.CsvDialect = "",
    quiet: o.Quiet = False,
    as_json: o.Json = False,
) -> None:
    """Annotate videos and images on this machine.

    Results go to OUT/<input name>/. Exit status: 0 all done, 1 some inputs failed (the others are
    complete), 2 wrong usage, 130 stopped.
    """
    made = parse_outputs(outputs) if outputs else ()
    if overwrite and resume:
        raise UsageError("--overwrite and --resume exclude each other")
    existing: Existing = "overwrite" if overwrite else "resume" if resume else "keep"
    results = run_local(
        *(paths, out, analyze, render, made, settings, existing, quiet or as_json),
        dialect=csv_dialect,
        who=known_by,
    )
    print_results(results, out, quiet, as_json, go_on="go on with --resume")


def run_local(
    paths: list[Path],
    out: Path,
    analyze: AnalyzeSettings,
    render: RenderSettings,
    outputs: tuple[str, ...],
    settings: RunSettings,
    existing: Existing,
    quiet: bool,
    dialect: str = "",
    who: Path | None = None,
) -> list[ItemResult]:
    """Find the inputs, run them with progress, write ``summary.csv``; returns all results.

    Raises:
        UsageError: no inputs, wrong settings, or an output place that cannot be one.
        NotFoundError: there is none of the inputs.
    """
    from fer_batch.emotion.models import find_model
    from fer_batch.jobs.item.children import preload
    from fer_batch.jobs.item.children.glance import looks_like_film_apart
    from fer_batch.jobs.item.who import asking_for, read_who
    from fer_batch.jobs.item.work import specs_of
    from fer_batch.media.discover import discover
    from fer_batch.media.notes import notes_on_inputs
    from fer_batch.media.walk import PassedOver
    from fer_batch.output.stored import places

    o.check_labels(render.labels, find_model(analyze.model).labels, analyze.model)
    if who is not None:
        analyze = asking_for(analyze, read_who(who))
    preload.expect(settings, analyze)  # networks are loaded while the inputs are looked at
    for path in paths:
        if out.is_dir() and path.is_dir() and path.samefile(out):
            raise UsageError(
                f"{path}: is the folder for the results as well; choose another with -o"
            )
    passed = PassedOver()
    inputs = discover(
        *(paths, out, passed, analyze.images, places(out)),
        look=looks_like_film_apart,
    )
    if not inputs:
        found = "; ".join([f"no videos or images in {', '.join(map(str, paths))}", *passed.lines()])
        raise UsageError(found)
    if all(o.is_missing(one.path) for one in inputs):
        raise NotFoundError("; ".join(_not_there(one.path) for one in inputs[:MOST_NAMED]))
    o.check_out(out)  # made only now that there is something to put into it
    if not quiet:
        for line in passed.lines():
            o.report_error(line)
        for note in notes_on_inputs(inputs, outputs, analyze, render):
            echo(note)
    folder = str(who.absolute()) if who is not None else ""
    items = specs_of(inputs, analyze, render, outputs, folder)
    return run_specs(items, out, settings, existing, quiet, dialect=dialect)


def _not_there(path: Path) -> str:
    """The line for an input that is missing; of ``https://…`` a path has kept one slash."""
    address = next((part for part in path.parts if part.endswith(":") and len(part) > 2), "")
    more = f"; {address}// is an address, download what it leads to" if address else ""
    return f"{path}: there is no such file or folder{more}"


def run_specs(
    items: list[ItemSpec],
    out: Path,
    settings: RunSettings,
    existing: Existing,
    quiet: bool,
    infer: bool = True,
    batch: bool = True,
    dialect: str = "",
) -> list[ItemResult]:
    """Run items with progress and Ctrl-C; ``batch`` writes ``out/summary.csv`` as well,
    in ``dialect``.

    Raises:
        UsageError: an ``edits.csv`` beside earlier results has a wrong line.
    """
    from fer_batch.jobs.item.batch import write_batch
    from fer_batch.jobs.item.children.crew import run_isolated
    from fer_batch.jobs.item.edited import with_edits

    items = with_edits(items, out)
    with o.stop_on_signal() as stop, _observer(len(items), quiet) as observer:
        results = run_isolated(items, out, settings, existing, observer, stop.is_set, infer)
    if batch:
        try:
            lines = write_batch(results, out, dialect)
        except NoSpaceError:
            if all(result.code != NoSpaceError.code for result in results):
                raise
            lines = []  # a full disk is said once, by the input that met it
        for line in lines:
            o.report_error(f"note: {line}")
    return results


def _observer(total: int, quiet: bool) -> Silent:
    from fer_batch.cli.show import Bars, Plain, Silent

    if quiet:
        return Silent()
    return Bars(total) if sys.stdout.isatty() else Plain(total)


def print_results(
    results: list[ItemResult],
    out: Path,
    quiet: bool,
    as_json: bool,
    left_out: int = 0,
    go_on: str = "the same command goes on",
) -> NoReturn:
    """Say what became of the batch, and exit with the status that says so too.

    ``left_out``: what could not even be begun; it counts as failed, a line has said why.
    ``go_on``: what is said to who has stopped it.
    """
    states = [*(result.state for result in results), *["failed"] * left_out]
    failed, stopped = states.count("failed"), states.count("cancelled")
    if as_json:
        echo_data(json.dumps(_as_json(results, out), indent=2))
    elif not quiet:
        done = len(states) - failed - stopped
        parts = [f"{done} of {len(states)} done"]
        parts += [f"{failed} failed"] if failed else []
        parts += [f"{stopped} stopped ({go_on})"] if stopped else []
        echo(f"{', '.join(parts)}: {out}")
        if done:
            say_how_to_look(out)
    raise typer.Exit(130 if stopped else 1 if failed else 0)


def _as_json(results: list[ItemResult], out: Path) -> dict[str, Any]:
    return {
        "out": str(out),
        "items": [
            {
                "input": r.item.input,
                "name": r.item.name,
                "state": r.state,
                "out": str(r.out),
                "seconds": round(r.seconds, 3),
                "frames": r.summary.get("frames", r.summary.get("photos", {})),
                "warnings": list(r.summary.get("warnings", ())),
                "error": {"code": r.code, "message": r.error} if r.error else None,
            }
            for r in results
        ],
    }
