"""``fer-batch export``, ``quantise`` and ``narrow``: files to classify with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_batch.cli.console import echo, echo_lines
from fer_batch.cli.train.options import Data, FerPlus, Landmarks, ModelArgument


def export(
    directory: Annotated[Path, typer.Argument(help="Folder of a training.")],
    data: Data,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for cards and weights.")],
    fer_plus: FerPlus = None,
    landmarks: Landmarks = None,
    prefix: Annotated[str, typer.Option(help="Goes before the models' names.")] = "",
    start_share: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="How much of each weight to take from the model that the training began with.",
        ),
    ] = 0.0,
) -> None:
    """Calibrate and export a training's models."""
    from fer_batch.emotion.backend import load_keras, require_keras
    from fer_batch.errors import TrainingDataError
    from fer_batch.training import run
    from fer_batch.training.data.read import hold_out, load
    from fer_batch.training.fit import Training

    require_keras("fer-batch export", "scipy")
    settings = run.stored_settings(directory)
    if settings is None:
        raise TrainingDataError(f"{directory}: holds no training")
    faces = hold_out(load(data, fer_plus, landmarks), settings.validation_share, settings.seed)
    load_keras("fer-batch export")
    training = Training(settings, faces, directory)
    model = training.result(start_share, echo)
    run.release_trained(training, model, faces, out, prefix, echo, start_share)


def quantise(
    models: Annotated[list[str], typer.Argument(help="Models, each a name or a card's path.")],
    data: Data,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for cards and weights.")],
    fer_plus: FerPlus = None,
) -> None:
    """Make models with weights of eight bits, and measure them.

    Each is called NAME-int8, and costs a quarter on CPUs.
    """
    from fer_batch.emotion.backend import load_keras, require_keras
    from fer_batch.emotion.models import find_model
    from fer_batch.training.data.read import load
    from fer_batch.training.export.release import quantised
    from fer_batch.training.reports import table

    require_keras("fer-batch quantise")
    cards, faces = [find_model(model) for model in models], load(data, fer_plus)
    load_keras("fer-batch quantise")
    out.mkdir(parents=True, exist_ok=True)
    for given in cards:
        card, result = quantised(given, faces, out)
        echo_lines(table(result, f"{card.name} on PublicTest"))


def narrow(
    model: ModelArgument,
    data: Data,
    emotions: Annotated[str, typer.Option(help="Comma-separated labels to keep, in that order.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for card and weights.")],
    fer_plus: FerPlus = None,
    prior: Annotated[
        str,
        typer.Option(
            help="How common the labels are that the probabilities assume: even, or as in "
            "happy=0.4,sad=0.2,neutral=0.4. Left out: as on PublicTest."
        ),
    ] = "",
) -> None:
    """Make a model of fewer labels out of MODEL, and measure it.

    Nothing is trained; probabilities are calibrated anew on the faces that bear these labels.
    """
    from fer_batch.emotion.backend import load_keras, require_keras
    from fer_batch.emotion.models import find_model
    from fer_batch.option_text import parse_names
    from fer_batch.training.data.read import load
    from fer_batch.training.export.narrow import narrowed, parse_prior
    from fer_batch.training.reports import table

    require_keras("fer-batch narrow", "scipy")
    card, faces = find_model(model), load(data, fer_plus)
    load_keras("fer-batch narrow")
    labels = parse_names(emotions)
    card, result = narrowed(card, labels, faces, out, parse_prior(prior, labels))
    echo_lines(table(result, f"{card.name} on PublicTest"))
