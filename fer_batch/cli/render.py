"""``fer-batch render``: draw stored results again, without inference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fer_batch.cli import options as o
from fer_batch.cli.settings import with_settings
from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.errors import NotFoundError, UnreadableError, UsageError
from fer_batch.outputs import OUTPUTS, parse_outputs

if TYPE_CHECKING:
    from fer_batch.jobs.item.work import ItemSpec


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
    quiet: o.Quiet = False,
    as_json: o.Json = False,
) -> None:
    """Draw stored results again: labels, threshold, blurred faces.

    The numbers stay as they are; the original videos must still be where they were.
    """
    from fer_batch.cli.run import finish, run_specs
    from fer_batch.jobs.item.batch import write_gallery

    chosen = parse_outputs(outputs) if outputs else ()
    results = []
    for out, items in stored_items(folders, wanted, chosen).items():
        results += run_specs(
            items, out, RunSettings(), "resume", quiet or as_json, infer=False, batch=False
        )
        if (out / "index.html").is_file():
            write_gallery(out)
    finish(results, folders[0], quiet, as_json)


def stored_items(
    folders: list[Path], render: RenderSettings, outputs: tuple[str, ...]
) -> dict[Path, list[ItemSpec]]:
    """What was analysed before, by the folder that holds the results.

    Raises:
        NotFoundError: a folder holds no results.
        UsageError: a label that the model does not have.
    """
    from fer_batch.jobs.item.results import read_summary
    from fer_batch.jobs.item.work import ItemSpec

    found: dict[Path, list[ItemSpec]] = {}
    for folder in folders:
        here = [p.parent for p in sorted(folder.glob("*/summary.json"))]
        places = [folder] if (folder / "summary.json").is_file() else here
        if not places:
            raise NotFoundError(f"{folder}: holds no results; make them with `fer-batch run`")
        for place in places:
            summary = read_summary(place)
            try:
                settings: dict[str, Any] = summary["settings"]
                labels = tuple(summary["model"]["labels"])
                spec = ItemSpec(
                    input=summary["input"]["path"],
                    name=place.name,
                    analyze=AnalyzeSettings.from_json(settings["analyze"]),
                    render=render,
                    # All that was drawn is drawn again: a blurred video must not lie beside a GIF
                    # that shows the faces.
                    outputs=tuple(n for n in OUTPUTS if n in (*settings["outputs"], *outputs)),
                )
            except (KeyError, TypeError, ValueError, UsageError) as error:
                raise UnreadableError(
                    f"{place / 'summary.json'}: is damaged or of another version; "
                    "run the analysis again"
                ) from error
            o.check_labels(render.labels, labels, "the model")
            found.setdefault(place.resolve().parent, []).append(spec)
    return found
