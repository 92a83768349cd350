"""``fer-batch robustness``: how right models stay as faces get worse."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fer_batch.cli.cells import padded, width
from fer_batch.cli.console import echo, echo_data
from fer_batch.config import DEFAULT_MODEL
from fer_batch.printable import one_line

if TYPE_CHECKING:
    from fer_batch.emotion.card import ModelCard


def robustness(
    folder: Annotated[Path, typer.Argument(help="A folder of photos with labels.csv.")],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="A model, or the path of its card; several times."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A plot as PNG of all that was measured.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure models on photos that get worse step by step.

    Faces are found in the photos as they are; so this is about the models, not about finding faces.
    """
    from fer_batch.emotion.models import find_model
    from fer_batch.training.material.labels import read_material
    from fer_batch.training.material.robustness import (
        FIGURES,
        plot,
        regions_of,
        robustness,
    )
    from fer_batch.training.material.wear import steps

    models = model or [DEFAULT_MODEL]
    names = names_of([find_model(name) for name in models])
    material = read_material(folder)
    with typer.progressbar(length=len(material), label="photos", file=sys.stderr) as bar:
        regions, labels = regions_of(material, bar.update)
    with typer.progressbar(length=len(steps()), label="steps", file=sys.stderr) as bar:
        rows = robustness(regions, labels, models, bar.update)
    if out is not None:
        plot(out, rows, names)
    if as_json:
        echo_data(json.dumps(rows))
        return
    column = max(20, *(width(one_line(Path(name).stem)) for name in models))
    echo(
        f"{padded('model', column)} {'way':<5} {'strength':>8} "
        + " ".join(f"{n:>17}" for n in FIGURES)
    )
    for name in models:
        for row in rows[name]:
            values = (row.get(n) for n in FIGURES)
            cells = " ".join(f"{'-' if v is None else format(v, '.3f'):>17}" for v in values)
            called = padded(one_line(Path(name).stem), column)
            echo(f"{called} {row['way']:<5} {row['strength']:>8g} {cells}")


def names_of(cards: list[ModelCard]) -> list[str]:
    """A name for each: those that several models share are told apart by their folders."""
    given = [card.name for card in cards]
    return [
        f"{card.name} ({card.path.parent.name})"
        if card.path is not None and given.count(card.name) > 1
        else card.name
        for card in cards
    ]
