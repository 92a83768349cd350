"""``fer-batch render``: draw stored results again, without inference."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fer_batch import door
from fer_batch.cli import options as o
from fer_batch.cli.console import echo
from fer_batch.cli.settings import with_settings
from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.errors import (
    InputError,
    NotFoundError,
    OutputPathError,
    UnreadableError,
    UsageError,
)
from fer_batch.output.foreign import drawn_with
from fer_batch.outputs import OUTPUTS, parse_outputs, with_parts
from fer_batch.plural import first_of

if TYPE_CHECKING:
    from fer_batch.jobs.item.work import ItemSpec
    from fer_batch.output.stored import Stored

MOST_NAMED = 3


@with_settings
def render(
    folders: Annotated[
        list[Path], typer.Argument(help="Result folders of `fer-batch run`, one input's or all.")
    ],
    outputs: Annotated[
        str,
        typer.Option(
            help="Outputs to make in addition to the existing ones, which are drawn again.",
            autocompletion=o.complete_outputs,
        ),
    ] = "",
    *,
    wanted: RenderSettings,
    show_faces: Annotated[
        bool,
        typer.Option(
            "--show-faces",
            help="Show faces that were made unrecognisable. Without it those stay so.",
        ),
    ] = False,
    quiet: o.Quiet = False,
    as_json: o.Json = False,
) -> None:
    """Draw stored results again: labels, threshold, blurred faces.

    The numbers stay as they are; the original videos must still be where they were. Exit status: 0
    all drawn, 1 some could not be (the others are complete), 2 wrong usage, 130 stopped.
    """
    from fer_batch.cli.run import print_results, run_specs
    from fer_batch.jobs.item.batch import write_again
    from fer_batch.media.notes import changes_nothing, idle_drawing

    if show_faces and wanted.blurs:
        raise UsageError("--show-faces and --blur exclude each other")
    chosen = with_parts(parse_outputs(outputs)) if outputs else ()
    results = []
    refused: list[InputError] = []
    stored = stored_items(folders, wanted, chosen, show_faces, refused.append)
    if not stored and refused:
        o.end_with(refused)
    for out, items in stored.items():
        check_writable([out / item.name for item in items])
    made = {name for items in stored.values() for item in items for name in item.outputs}
    if (idle := idle_drawing(wanted, made)) and not (quiet or as_json):
        echo(changes_nothing(idle))
    for out, items in stored.items():
        still = [item.name for item in items if item.render.blurs and not wanted.blurs]
        if still and not (quiet or as_json):
            echo(
                f"{out}: faces stay unrecognisable in {first_of(still, MOST_NAMED)}; "
                "--show-faces shows them"
            )
        results += run_specs(
            items, out, RunSettings(), "resume", quiet or as_json, infer=False, batch=False
        )
        if (out / "summary.csv").is_file():
            write_again(out, outputs=chosen)
    for error in refused:
        o.report_error(str(error))
    print_results(results, folders[0], quiet, as_json, left_out=len(refused))


def check_writable(folders: Iterable[Path]) -> None:
    """Refuse results that cannot be drawn again where they are, before any is.

    Raises:
        OutputPathError: one that is on a read-only disk, or somebody else's.
    """
    for folder in folders:
        if not os.access(folder, os.W_OK):
            raise OutputPathError(
                f"{folder}: cannot be written to (read-only, or somebody else's); copy the results "
                "to a folder of yours and draw them there"
            )


def stored_items(
    folders: list[Path],
    render: RenderSettings,
    outputs: tuple[str, ...],
    show_faces: bool = False,
    refused: Callable[[InputError], None] = o.refuse,
) -> dict[Path, list[ItemSpec]]:
    """What was analysed before, by the folder that holds the results. Faces that were made
    unrecognisable stay so, unless ``render`` says whose are, or ``show_faces`` that none is.

    ``refused`` is told of folders without results (NotFoundError) and of results that cannot be
    read (UnreadableError), which are left out; by default they are raised.

    Raises:
        UsageError: a label that the model does not have.
    """
    from fer_batch.output.stored import Stored, read_record, results_of, stored_results
    from fer_batch.outputs import SUMMARY

    found: dict[Path, list[ItemSpec]] = {}
    for folder in folders:
        if (folder / SUMMARY).is_file():
            out, name = results_of(folder)
            stored = [Stored(name, folder, read_record(folder))]
        else:
            try:
                out, stored = folder, stored_results(folder)
            except NotFoundError as error:
                refused(error)
                continue
        if not stored:
            refused(NotFoundError(f"{folder}: holds no results; make them with `fer-batch run`"))
        for result in stored:
            drawn = render if show_faces or render.blurs else None
            try:
                spec = _spec(result, render, drawn, outputs)
            except UnreadableError as error:
                refused(error)
            else:
                found.setdefault(out.resolve(), []).append(spec)
    return found


def _spec(
    result: Stored, render: RenderSettings, drawn: RenderSettings | None, outputs: tuple[str, ...]
) -> ItemSpec:
    """A stored result as an item that is drawn again as ``drawn``, or where that is None as
    ``render`` with those faces unrecognisable that were so.

    Raises:
        UnreadableError: its summary is damaged.
        UsageError: a label that the model does not have.
    """
    from fer_batch.jobs.item.work import ItemSpec

    summary = result.summary
    try:
        settings: dict[str, Any] = summary["settings"]
        labels = tuple(summary["model"]["labels"])
        spec = ItemSpec(
            input=summary["input"]["path"],
            name=result.name,
            analyze=AnalyzeSettings.from_json(settings["analyze"]),
            render=drawn or as_hidden(render, summary),
            # All that was drawn is drawn again: a blurred video must not lie beside a GIF
            # that shows the faces.
            outputs=tuple(n for n in OUTPUTS if n in (*settings["outputs"], *outputs)),
            files=tuple(door.place(file, "files") for file in summary["input"].get("files", ())),
        )
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise UnreadableError(
            f"{result.folder / 'summary.json'}: is damaged or of another version; "
            "run the analysis again"
        ) from error
    o.check_labels(render.labels, labels, "the model")
    return spec


def as_hidden(render: RenderSettings, summary: Mapping[str, Any]) -> RenderSettings:
    """``render`` with the faces unrecognisable that were so in a result.

    Raises:
        TypeError, ValueError, UsageError: the summary does not say that as fer-batch does.
    """
    was = drawn_with(summary)
    said = {name: was[name] for name in ("blur_faces", "blur") if name in was}
    return RenderSettings.from_json({**render.to_json(), **said})
