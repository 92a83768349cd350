"""``fer-batch add-second``: a second network for models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_batch.cli.console import echo
from fer_batch.cli.train.options import Data, FerPlus, Landmarks


def add_second(
    models: Annotated[list[Path], typer.Argument(help="Cards of models, all in one folder.")],
    data: Data,
    fer_plus: FerPlus = None,
    landmarks: Landmarks = None,
    head: Annotated[
        Path | None, typer.Option(help="A head that was trained before, in the models' folder.")
    ] = None,
    prior: Annotated[
        str,
        typer.Option(
            help="How common the labels are that both networks together assume, as in "
            "happy=0.4,sad=0.2,neutral=0.4. Left out: as the model alone."
        ),
    ] = "",
) -> None:
    """Train a second network, and name it in models' cards.

    It is asked beside the model (run --second-opinion). A head learns on what the recogniser that
    comes with fer-batch computes on its way; MODELS are calibrated anew with it.
    With --landmarks it learns on faces as photos and videos show them, and knows them better.
    """
    from fer_batch.emotion.backend import load_keras, require_keras
    from fer_batch.emotion.models import find_model
    from fer_batch.errors import UsageError
    from fer_batch.training.data.cropped import as_cropped
    from fer_batch.training.data.read import load
    from fer_batch.training.export.narrow import parse_prior
    from fer_batch.training.export.second import METRICS, ask, join, train_head

    if fer_plus is None:
        raise UsageError("add-second: needs --fer-plus")
    require_keras("fer-batch add-second", "scipy")
    cards = [find_model(str(path)) for path in models]
    folders = {card.path.resolve().parent for card in cards if card.path is not None}
    if len(folders) > 1:
        raise UsageError("add-second: the models lie in several folders; copy them into one")
    folder = folders.pop()
    if head is not None and head.resolve().parent != folder:
        raise UsageError(f"--head: {head} lies in another folder than the models; copy it there")
    shares = [parse_prior(prior, card.labels) for card in cards]
    faces = load(data, fer_plus, landmarks)
    if landmarks is not None:
        faces = as_cropped(faces, cards[0].sharpen, cards[0].sharpness)
    if head is None:
        load_keras("fer-batch add-second")
        head = train_head(faces, folder, echo)
        echo(f"{head}: {head.stat().st_size >> 10} kB")
    asked = ask(head, faces.of_split("PublicTest").images)
    # Full models first: those of eight bits take their calibration.
    for card, wanted in sorted(zip(cards, shares, strict=True), key=lambda pair: pair[0].full):
        both = join(card, asked, faces, wanted).metrics[METRICS]
        echo(f"{card.name}: accuracy {both['accuracy']:.4f} of PublicTest with both networks")
