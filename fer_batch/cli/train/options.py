"""Commands of training: their names, and the data that all of them take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path,
    typer.Argument(help="fer2013.csv (plain, .gz, .xz, .zip), or a folder train/<emotion>/*.png."),
]
FerPlus = Annotated[Path | None, typer.Option(help="FER+ votes for the same rows: fer2013new.csv.")]
Landmarks = Annotated[
    Path | None, typer.Option(help="Landmarks of the same rows, from `fer-batch calibrate`.")
]
ModelArgument = Annotated[str, typer.Argument(help="A model's name, or the path of its card.")]
