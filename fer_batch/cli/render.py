"""``fer-batch render``: draw stored results again, without inference."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fer_batch import door
from fer_batch.cli import options as o
from fer_batch.cli.console import echo
from fer_batch.cli.settings import with_settings
from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.errors import NotFoundError, OutputPathError, UnreadableError, UsageError
from fer_batch.output.foreign import drawn_with
from fer_batch.outputs import OUTPUTS, parse_outputs, with_parts
from fer_batch.plural import first_of

if TYPE_CHECKING:
    from fer_batch.jobs.item.work import ItemSpec

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

    The numbers stay as they are; the original videos must still be where they were.
    """
    from fer_batch.cli.run import print_results, run_specs
    from fer_batch.jobs.item.batch import write_again

    if show_faces and wanted.blurs:
        raise UsageError("--show-faces and --blur exclude each other")
    chosen = with_parts(parse_outputs(outputs)) if outputs else ()
    results = []
    stored = stored_items(folders, wanted, chosen, show_faces)
    for out, items in stored.items():
        check_writable([out / item.name for item in items])
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
    print_results(results, folders[0], quiet, as_json)


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
) -> dict[Path, list[ItemSpec]]:
    """What was analysed before, by the folder that holds the results. Faces that were made
    unrecognisable stay so, unless ``render`` says whose are, or ``show_faces`` that none is.

    Raises:
        NotFoundError: a folder holds no results.
        UsageError: a label that the model does not have.
    """
    from fer_batch.jobs.item.work import ItemSpec
    from fer_batch.output.stored import Stored, read_record, results_of, stored_results
    from fer_batch.outputs import SUMMARY

    found: dict[Path, list[ItemSpec]] = {}
    for folder in folders:
        if (folder / SUMMARY).is_file():
            out, name = results_of(folder)
            stored = [Stored(name, folder, read_record(folder))]
        else:
            out, stored = folder, stored_results(folder) if folder.is_dir() else []
        if not stored:
            raise NotFoundError(f"{folder}: holds no results; make them with `fer-batch run`")
        for result in stored:
            place, summary = result.folder, result.summary
            try:
                settings: dict[str, Any] = summary["settings"]
                labels = tuple(summary["model"]["labels"])
                drawn = render if show_faces or render.blurs else as_hidden(render, summary)
                spec = ItemSpec(
                    input=summary["input"]["path"],
                    name=result.name,
                    analyze=AnalyzeSettings.from_json(settings["analyze"]),
                    render=drawn,
                    # All that was drawn is drawn again: a blurred video must not lie beside a GIF
                    # that shows the faces.
                    outputs=tuple(n for n in OUTPUTS if n in (*settings["outputs"], *outputs)),
                    files=tuple(
                        door.place(file, "files") for file in summary["input"].get("files", ())
                    ),
                )
            except (KeyError, TypeError, ValueError, UsageError) as error:
                raise UnreadableError(
                    f"{place / 'summary.json'}: is damaged or of another version; "
                    "run the analysis again"
                ) from error
            o.check_labels(render.labels, labels, "the model")
            found.setdefault(out.resolve(), []).append(spec)
    return found


def as_hidden(render: RenderSettings, summary: Mapping[str, Any]) -> RenderSettings:
    """``render`` with the faces unrecognisable that were so in a result.

    Raises:
        TypeError, ValueError, UsageError: the summary does not say that as fer-batch does.
    """
    was = drawn_with(summary)
    said = {name: was[name] for name in ("blur_faces", "blur") if name in was}
    return RenderSettings.from_json({**render.to_json(), **said})
