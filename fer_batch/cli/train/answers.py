"""``fer-batch answers``: what teachers say of the training images, kept in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_batch.cli.console import echo
from fer_batch.cli.train.options import Data
from fer_batch.plural import plural


def answers(
    data: Data,
    teacher: Annotated[
        list[str], typer.Option(help="A model to ask; may be given more than once.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="File for the answers (.npz).")],
) -> None:
    """Keep what teachers say of the training images.

    A training learns from the file as from its teachers: `fer-batch train --teacher FILE`.
    """
    from fer_batch.emotion.models import find_model
    from fer_batch.training.data.read import load
    from fer_batch.training.teachers.answers import write_answers
    from fer_batch.training.teachers.ask import ask

    found = ask([find_model(name) for name in teacher], load(data))
    write_answers(out, found)
    images = plural(len(found.images), "image")
    echo(f"{out}: what {plural(len(teacher), 'model')} said of {images}")
