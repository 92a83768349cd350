"""``fer-batch evaluate``: how good a model is, on one's own photos or on a data set."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fer_batch.cli.console import echo_data, echo_lines
from fer_batch.cli.train.options import FerPlus
from fer_batch.config import DEFAULT_MODEL

if TYPE_CHECKING:
    from fer_batch.emotion.classifier import Classifier
    from fer_batch.training.alignment import Alignment
    from fer_batch.training.data.faceset import FaceSet
    from fer_batch.training.evaluate import Evaluation


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="A model's name, or the path of its card. Or a folder with labels.csv: then the "
            "default model is measured on it."
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Argument(
            help="A folder of photos with labels.csv (file, label, any further columns); or "
            "fer2013.csv in any packing, or a folder train/<emotion>/*.png.",
            show_default=False,
        ),
    ] = None,
    fer_plus: FerPlus = None,
    split: Annotated[str, typer.Option(help="Training, PublicTest or PrivateTest.")] = "PublicTest",
    truth: Annotated[
        str, typer.Option(help="Labels to measure against: fer2013, ferplus, or auto.")
    ] = "auto",
    runtime: Annotated[str, typer.Option(help="auto, litert or keras.")] = "auto",
    by: Annotated[
        list[str] | None,
        typer.Option(help="Photos: a column of labels.csv to compare groups by; several times."),
    ] = None,
    floor: Annotated[
        str,
        typer.Option(
            help="Photos: look for the prior of best mean recall that leaves a label's recall at "
            "least so high, as in neutral=0.93."
        ),
    ] = "",
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
    """Measure a model on your own photos, or on a data set.

    `fer-batch evaluate FOLDER` runs the photos that FOLDER/labels.csv names through the whole
    pipeline, as `fer-batch run` does, and compares the largest face of each with its label. Photos
    of one person (a column `person`) are kept together in the intervals.
    """
    from fer_batch.errors import UsageError
    from fer_batch.training.material.labels import is_material

    if data is None:
        model, data = DEFAULT_MODEL, Path(model)
        if data.is_dir() and not is_material(data):
            raise UsageError(f"{data}: has no labels.csv, with the columns file and label")
        if not data.is_dir():
            raise UsageError(
                f"{data}: is not a folder of photos with labels.csv; or name a data set"
            )
    if is_material(data):
        _on_photos(data, model, by or [], floor, runtime, pictures, as_json)
    elif by or floor:
        raise UsageError(f"--by and --floor: {data} has no labels.csv")
    else:
        _on_faces(data, model, fer_plus, split, truth, runtime, pictures, as_video, as_json)


def _on_photos(
    folder: Path,
    model: str,
    by: list[str],
    floor: str,
    runtime: str,
    pictures: Path | None,
    as_json: bool,
) -> None:
    from fer_batch.emotion.models import find_model
    from fer_batch.training.material.labels import read_material
    from fer_batch.training.material.measure import measure, operate
    from fer_batch.training.material.operate import check_floor
    from fer_batch.training.material.report import operation_line, report, write_pictures

    material = read_material(folder)
    if floor:  # before the photos are analysed, which may take hours
        check_floor(floor, find_model(model).labels, material.labels)
    with typer.progressbar(length=len(material), label="photos", file=sys.stderr) as bar:
        result = measure(material, model, by, runtime, lambda done: bar.update(1))
    if pictures is not None:
        write_pictures(result, pictures)
    found = operate(result, floor) if floor else None
    if as_json:
        evaluation = result.to_json()
        if found:
            evaluation["operation"] = found.to_json()
        echo_data(json.dumps(evaluation))
        return
    echo_lines(report(result))
    if found:
        echo_lines(operation_line(found))


def _on_faces(
    data: Path,
    model: str,
    fer_plus: Path | None,
    split: str,
    truth: str,
    runtime: str,
    pictures: Path | None,
    as_video: bool,
    as_json: bool,
) -> None:
    """On training images, which are crops already."""
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
        echo_data(json.dumps(said))
    else:
        echo_lines(table(result, f"{classifier.card.name} on {split}"))
        if ways:
            echo_lines(alignment_table(ways))


def _as_video(
    classifier: Classifier, faces: FaceSet, evaluation: Evaluation
) -> dict[str, Alignment]:
    from fer_batch.faces.detector import open_detector
    from fer_batch.training.alignment import measure

    detector = open_detector("yunet")
    return {
        "template": measure(classifier, faces, evaluation, detector, by_box=False),
        "box": measure(classifier, faces, evaluation, detector, by_box=True),
    }


def _split_of(data: Path, fer_plus: Path | None, split: str) -> FaceSet:
    from fer_batch.errors import TrainingDataError, UsageError
    from fer_batch.training.data.faceset import SPLITS
    from fer_batch.training.data.read import load

    if split not in SPLITS:
        raise UsageError(f"--split: {split!r} is unknown; choose from {', '.join(SPLITS)}")
    faces = load(data, fer_plus).of_split(split)
    if not len(faces):
        raise TrainingDataError(f"{data}: holds no rows of {split}")
    return faces
