"""``fer-batch train`` and its kin: making, measuring and shrinking models."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fer_batch.emotion.classifier import Classifier
    from fer_batch.training.alignment import Alignment
    from fer_batch.training.evaluate import Evaluation
    from fer_batch.training.faceset import FaceSet

Data = Annotated[
    Path,
    typer.Argument(help="fer2013.csv (plain, .gz, .xz, .zip), or a folder train/<emotion>/*.png."),
]
FerPlus = Annotated[Path | None, typer.Option(help="FER+ votes for the same rows: fer2013new.csv.")]
Landmarks = Annotated[
    Path | None, typer.Option(help="Landmarks of the same rows, from `fer-batch calibrate`.")
]


def train(
    data: Data,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for checkpoints and results.")],
    arch: Annotated[
        str | None,
        typer.Option(
            help="Network: dcnn (the reference), resnet, resnet-wide or resnet-face.",
            show_default="resnet",
        ),
    ] = None,
    emotions: Annotated[
        str, typer.Option(help="Comma-separated labels to tell apart; all if left out.")
    ] = "",
    targets: Annotated[
        str | None,
        typer.Option(
            help="Learn fer2013 labels, ferplus votes, or joint: both at once.",
            show_default="fer2013",
        ),
    ] = None,
    fer_plus: FerPlus = None,
    landmarks: Landmarks = None,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs in all.")] = 60,
    batch_size: Annotated[int | None, typer.Option(min=1)] = None,
    lr: Annotated[float | None, typer.Option(min=0, help="Peak learning rate.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="adam, nadam or adamw.")] = None,
    weight_decay: Annotated[float | None, typer.Option(min=0)] = None,
    erase: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of images in which a block is blanked out."),
    ] = None,
    mix: Annotated[
        float | None,
        typer.Option(min=0, help="Mix images in pairs (mixup); alpha, say 0.2. 0: do not."),
    ] = None,
    cooldown_epochs: Annotated[
        int | None, typer.Option(min=0, help="Last epochs, in which the rate falls to nothing.")
    ] = None,
    finish_in: Annotated[
        float | None, typer.Option(min=0, help="Minutes in which to end, the rate falling.")
    ] = None,
    teacher: Annotated[
        list[str] | None,
        typer.Option(help="A model to learn from beside the labels; may be given more than once."),
    ] = None,
    teacher_share: Annotated[
        float | None, typer.Option(min=0, max=1, help="The teachers' share of each target.")
    ] = None,
    teachers_see: Annotated[
        str | None,
        typer.Option(
            help="images: teachers are asked about each once; variants: about what is trained on, "
            "however it is augmented. Better and slower.",
            show_default="images",
        ),
    ] = None,
    start_from: Annotated[
        list[str] | None,
        typer.Option(
            help="A model to begin with the weights of; once for each of its heads. Or "
            "face-recognition: dlib's weights, for resnet-face."
        ),
    ] = None,
    freeze: Annotated[
        str,
        typer.Option(
            help="Layers that keep the weights they begin with, as in stem,s1: by the "
            "beginnings of their names."
        ),
    ] = "",
    precision: Annotated[
        str | None, typer.Option(help="float32, mixed_bfloat16 or mixed_float16.")
    ] = None,
    seed: Annotated[int | None, typer.Option()] = None,
    validation_share: Annotated[
        float | None,
        typer.Option(
            min=0, max=0.5, help="Held out where the data has no PublicTest; a tenth if not given."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint.")
    ] = False,
) -> None:
    """Train a model. Settings left out are the architecture's own recipe.

    A training that is resumed keeps its settings, save those given anew: to end one early, resume
    it with --epochs and --cooldown-epochs, or with --finish-in on a machine that others use too.
    """
    from fer_batch.cli.options import parse_labels
    from fer_batch.emotion.backend import load_keras
    from fer_batch.training import run
    from fer_batch.training.data import hold_out, load

    changes = {
        "batch_size": batch_size,
        "learning_rate": lr,
        "optimizer": optimizer,
        "weight_decay": weight_decay,
        "erase": erase,
        "mix": mix,
        "cooldown_epochs": cooldown_epochs,
        "finish_minutes": finish_in,
        "teachers": _found_again(teacher) if teacher else None,
        "teacher_share": teacher_share,
        "teachers_see": run.known_view(teachers_see),
        "precision": precision,
        "seed": seed,
        "validation_share": validation_share,
    }
    start = _found_again(start_from or [])
    frozen = tuple(part.strip() for part in freeze.split(",") if part.strip())
    how = run.stored_settings(out, epochs=epochs, **changes) if resume else None
    heads = run.heads_for(targets or "fer2013", parse_labels(emotions) or None)
    if how is None:
        how = run.new_settings(
            arch or "resnet", heads, epochs, start_from=start, frozen=frozen, **changes
        )
    else:
        run.check_same(how, out, arch, heads if targets or emotions else None, start, frozen)
    faces = hold_out(load(data, fer_plus, landmarks), how.validation_share, how.seed)
    load_keras()
    run.train(how, faces, out, resume, typer.echo)
    typer.echo(f"models, history.csv and pictures are in {out}")


def _found_again(models: list[str]) -> tuple[str, ...]:
    """Names as they are, paths of cards absolute: a training may be resumed from another folder."""
    return tuple(str(Path(m).resolve()) if Path(m).is_file() else m for m in models)


def evaluate(
    model: Annotated[str, typer.Argument(help="A model's name, or the path of its card.")],
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
    from fer_batch.training.data import load
    from fer_batch.training.faceset import SPLITS

    if split not in SPLITS:
        raise UsageError(f"--split: {split!r} is none of {', '.join(SPLITS)}")
    faces = load(data, fer_plus).of_split(split)
    if not len(faces):
        raise TrainingDataError(f"{data}: holds no rows of {split}")
    return faces


def calibrate(
    data: Data,
    out: Annotated[Path, typer.Option("-o", "--out", help="File for the landmarks (.npz).")],
    detector_model: Annotated[
        Path | None, typer.Option(help="Other weights for the detector (ONNX file).")
    ] = None,
) -> None:
    """Find the landmarks in training images.

    Their mean is the template that faces in videos are warped to.

    Takes about 3 ms an image. The file serves `fer-batch train --landmarks`.
    """
    import numpy as np

    from fer_batch.errors import TrainingDataError, UsageError
    from fer_batch.training.data import load
    from fer_batch.training.landmarks import find_landmarks, make_detector, save_landmarks
    from fer_batch.training.template import mean_template

    if out.resolve() == data.resolve():
        raise UsageError(f"{out}: holds the images; choose another name for the landmarks")
    faces = load(data)
    landmarks = find_landmarks(
        faces.images,
        make_detector(detector_model),
        lambda done: typer.echo(f"{done}/{len(faces)}", err=True),
    )
    found = float(np.isfinite(landmarks).all(axis=(1, 2)).mean())
    if not found:
        raise TrainingDataError(f"{data}: no face is found in any of its {len(faces)} images")
    save_landmarks(out, landmarks)
    typer.echo(f"faces found in {found:.1%} of {len(faces)} images")
    names = ("right eye", "left eye", "nose", "right mouth corner", "left mouth corner")
    for name, (x, y) in zip(names, mean_template(landmarks), strict=True):
        typer.echo(f"{name:<18} {x:6.2f} {y:6.2f}")


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
    from fer_batch.emotion.backend import load_keras
    from fer_batch.errors import TrainingDataError
    from fer_batch.training import run
    from fer_batch.training.data import hold_out, load
    from fer_batch.training.fit import Training

    how = run.stored_settings(directory)
    if how is None:
        raise TrainingDataError(f"{directory}: holds no training")
    faces = hold_out(load(data, fer_plus, landmarks), how.validation_share, how.seed)
    load_keras()
    training = Training(how, faces, directory)
    model = training.result(start_share, typer.echo)
    run.finish(training, model, faces, out, prefix, typer.echo, start_share)


def quantise(
    model: Annotated[str, typer.Argument(help="A model's name, or the path of its card.")],
    data: Data,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for card and weights.")],
    fer_plus: FerPlus = None,
) -> None:
    """Make MODEL-int8, with weights of eight bits, and measure it.

    It costs a quarter on CPUs."""
    from fer_batch.emotion.backend import load_keras
    from fer_batch.emotion.models import find_model
    from fer_batch.training.data import load
    from fer_batch.training.release import quantised
    from fer_batch.training.reports import table

    card, faces = find_model(model), load(data, fer_plus)
    load_keras()
    out.mkdir(parents=True, exist_ok=True)
    card, result = quantised(card, faces, out)
    typer.echo(table(result, f"{card.name} on PublicTest"))


def register(app: typer.Typer) -> None:
    """Adds these commands to the main program."""
    for command in (train, evaluate, calibrate, export, quantise):
        app.command(command.__name__)(command)
