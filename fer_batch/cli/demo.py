"""``fer-batch demo``: a clip of two people made by code, and all that ``run`` makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fer_batch.cli import options as o
from fer_batch.cli.cells import padded, width
from fer_batch.cli.console import echo, echo_beside, styled
from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.outputs import DEFAULT_OUTPUTS, REGISTRY
from fer_batch.printable import one_line

if TYPE_CHECKING:
    from fer_batch.jobs.item.outcome import Existing, ItemResult


def demo(
    out: o.Out = Path("demo-output"),
    seconds: Annotated[
        float, typer.Option(min=0.2, max=10.0, help="How much of the clip to make.")
    ] = 10.0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Make everything again, replace what is there.")
    ] = False,
    quiet: o.Quiet = False,
    as_json: o.Json = False,
) -> None:
    """Make a short clip of two people, and analyse it.

    Nothing is downloaded. The clip goes to OUT/demo.mp4, the results to OUT/demo/.
    """
    from fer_batch.cli.run import print_results, run_local
    from fer_batch.demo import write_clip

    o.check_out(out)
    clip = out / "demo.mp4"
    if not quiet and not as_json:
        echo("making a clip of two people")
    write_clip(clip, seconds=seconds)
    existing: Existing = "overwrite" if overwrite else "resume"
    defaults = AnalyzeSettings(), RenderSettings(), DEFAULT_OUTPUTS, RunSettings()
    results = run_local([clip], out, *defaults, existing, quiet or as_json)
    if not quiet and not as_json:
        _say_where(results)
    print_results(results, out, quiet, as_json)


def _say_where(results: list[ItemResult]) -> None:
    for result in results:
        there = [output for output in REGISTRY if (result.out / output.file).is_file()]
        if not there:
            continue
        paths = [one_line(str(result.out / output.file)) for output in there]
        indent = max(map(width, paths)) + 4
        echo("")
        for path, output in zip(paths, there, strict=True):
            echo_beside(styled(padded(f"  {path}", indent), bold=True), indent, output.text)
        echo("")
