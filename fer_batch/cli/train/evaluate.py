"""``fer-batch evaluate``: how good a model is, on images and as frames of a video."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fer_batch.cli.train.options import Data, FerPlus, ModelArgument

if TYPE_CHECKING:
    from fer_batch.emotion.classifier import Classifier
    from fer_batch.training.alignment import Alignment
    from fer_batch.training.data.faceset import FaceSet
    from fer_batch.training.evaluate import Evaluation


def evaluate(
    model: ModelArgument,
    data: Data,
    fer_plus: FerPlus = None,
    split: Annotated[str, typer.Option(help="Training, PublicTest or PrivateTest.")] = "PublicTest",
    truth: Annotated[
        str, typer.Option(help="Labels to measure against: fer2013, ferplus, or auto.")
    ] = "auto",
    runtime: Annotated[str, typer.Option(help="auto, litert or keras.")] = "auto",
    pictures: Annotated[
        Path | None, typer.Option(help="Folder for confusion matrix, reliability and mistakes.")
    ] = None,
    as_video: Annotated[
        bool,
        typer.Option(
            "--as-video", help="Also run each image, enlarged, through detector and warp; compare."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure a model: accuracy, recall by label, calibration."""
    from fer_batch.emotion.load import open_classifier
    from fer_batch.training.evaluate import evaluate as measure
    from fer_batch.training.reports import alignment_table, table

    classifier = open_classifier(model, runtime)
    faces = _split_of(data, fer_plus, split)
    result = measure(classifier, faces, truth)
    if pictures is not None:
        from fer_batch.training.pictures import evaluation_pictures

        evaluation_pictures(pictures, result, faces.images, classifier.card.name)
    ways = _as_video(classifier, faces, result) if as_video else {}
    if as_json:
        said = result.to_json()
        if ways:
            said["as_video"] = {way: asdict(found) for way, found in ways.items()}
        typer.echo(json.dumps(said))
    else:
        typer.echo(table(result, f"{classifier.card.name} on {split}"))
        if ways:
            typer.echo(alignment_table(ways))


def _as_video(classifier: Classifier, faces: FaceSet, told: Evaluation) -> dict[str, Alignment]:
    from fer_batch.faces.detector import open_detector
    from fer_batch.training.alignment import measure

    detector = open_detector("yunet")
    return {
        "template": measure(classifier, faces, told, detector, by_box=False),
        "box": measure(classifier, faces, told, detector, by_box=True),
    }


def _split_of(data: Path, fer_plus: Path | None, split: str) -> FaceSet:
    from fer_batch.errors import TrainingDataError, UsageError
    from fer_batch.training.data.faceset import SPLITS
    from fer_batch.training.data.read import load

    if split not in SPLITS:
        raise UsageError(f"--split: {split!r} is none of {', '.join(SPLITS)}")
    faces = load(data, fer_plus).of_split(split)
    if not len(faces):
        raise TrainingDataError(f"{data}: holds no rows of {split}")
    return faces
