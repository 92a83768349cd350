"""One whole training: data, fit, release, pictures. What ``fer-batch train`` does."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fer_batch.emotion.labels import ANNOTATIONS, FER2013, FERPLUS, Annotation
from fer_batch.emotion.models import find_model
from fer_batch.errors import OutputPathError, TrainingDataError, UnknownModelError, UsageError
from fer_batch.printable import show
from fer_batch.training import checkpoint
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.targets import JOINT, Head, check_choice, model_name
from fer_batch.training.export.release import release
from fer_batch.training.fit import Training
from fer_batch.training.pictures import epoch_history, evaluation_pictures
from fer_batch.training.settings import TrainSettings, changed, train_settings
from fer_batch.training.teachers.answers import is_answers, read_answers
from fer_batch.training.teachers.teacher import name_and_kind

TARGETS = (*ANNOTATIONS, "joint")
TEACHERS_SEE = ("images", "variants")


def heads_for(targets: str, emotions: tuple[str, ...] | None) -> tuple[Head, ...]:
    """The heads to train: one for a subset of emotions, or the three of the shipped models.

    Raises:
        UsageError: unknown targets or emotions.
    """
    if targets not in TARGETS:
        raise UsageError(f"--targets: {targets!r} is unknown; choose from {', '.join(TARGETS)}")
    if targets == "joint":
        if emotions:
            raise UsageError("--targets joint trains three fixed heads: leave out --emotions")
        return JOINT
    source: Annotation = "fer2013" if targets == "fer2013" else "ferplus"
    known = FER2013 if source == "fer2013" else FERPLUS
    chosen = emotions or known
    check_choice(chosen, known)
    return (Head(model_name(source, chosen), chosen, source),)


def head_weights(given: Sequence[str]) -> dict[str, float] | None:
    """``["ferplus8=2"]`` as numbers by name, None for none.

    Raises:
        UsageError: not a name and a number of 0 or more.
    """
    weights = {}
    for text in given:
        name, _, number = text.partition("=")
        try:
            weights[name] = float(number)
        except ValueError:
            weights[name] = -1.0
        if not 0 <= weights[name] < math.inf:
            raise UsageError(f"--weight: {text!r} is not as in ferplus8=2")
    return weights or None


def known_view(teachers_see: str | None) -> str | None:
    """What it was given, if that is a thing teachers can see.

    Raises:
        UsageError: it is not.
    """
    if teachers_see not in (None, *TEACHERS_SEE):
        raise UsageError(
            f"--teachers-see: {teachers_see!r} is unknown; choose from {', '.join(TEACHERS_SEE)}"
        )
    return teachers_see


def stored_settings(directory: Path, **changes: Any) -> TrainSettings | None:
    """The settings of the training in ``directory`` with ``changes`` that are not None."""
    state = checkpoint.read_state(directory)
    if not state:
        return None
    known = TrainSettings.from_json(state["settings"])
    return changed(known, **changes)


def new_settings(arch: str, heads: tuple[Head, ...], epochs: int, **changes: Any) -> TrainSettings:
    """The recipe of ``arch`` with ``changes`` that are not None.

    Raises:
        UsageError: layers are to keep weights that are random.
    """
    settings = train_settings(arch, heads, epochs, **changes)
    if settings.frozen and not settings.start_from:
        raise UsageError("--freeze: goes with --start-from; random weights would stay random")
    return settings


def check_same(
    settings: TrainSettings,
    directory: Path,
    arch: str | None,
    heads: tuple[Head, ...] | None,
    start: tuple[str, ...] = (),
    frozen: tuple[str, ...] = (),
) -> None:
    """Weights cannot be moved to another network or other labels; None or () is not asked for.

    Raises:
        UsageError: something is not as it is in the training that is resumed.
    """
    if frozen not in ((), settings.frozen):
        raise UsageError(f"--freeze: the training in {directory} was begun with other settings")
    if start not in ((), settings.start_from):
        raise UsageError(
            f"--start-from: the training in {directory} was begun with other settings; "
            "choose a new -o"
        )
    if arch not in (None, settings.arch):
        raise UsageError(
            f"--arch: the training in {directory} is of {settings.arch}; choose a new -o"
        )
    # Their shares of the loss may change on the way (--weight).
    if heads is not None and [replace(h, weight=1.0) for h in heads] != [
        replace(h, weight=1.0) for h in settings.heads
    ]:
        names = "; ".join(f"{head.name}: {', '.join(head.labels)}" for head in settings.heads)
        raise UsageError(f"the training in {directory} is for {names}; choose a new -o for others")


def prepare(directory: Path, resume: bool) -> None:
    """Makes the output folder; refuses to train over an older training unasked."""
    if directory.exists() and not directory.is_dir():
        raise OutputPathError(f"{directory}: is a file, not a folder")
    directory.mkdir(parents=True, exist_ok=True)
    if checkpoint.read_state(directory) and not resume:
        raise OutputPathError(
            f"{directory}: already holds a training; add --resume, or choose another folder"
        )


def taught_by(teacher: str) -> list[str]:
    """A teacher by name and, where its card is still there, kind: "fer7 (resnet-face)"; of a file
    of answers all whose answers it holds."""
    if is_answers(teacher):
        try:
            return list(read_answers(Path(teacher)).taught)
        except TrainingDataError:
            return [Path(teacher).stem]
    try:
        card = find_model(teacher)
    except UnknownModelError:
        return [Path(teacher).stem]
    return [name_and_kind(card)]


def provenance(settings: TrainSettings, faces: FaceSet, epochs: int) -> dict[str, Any]:
    """What the card says of how a model came to be."""
    import keras

    return {
        "architecture": settings.arch,
        "epochs": epochs,
        "images": int((faces.split == "Training").sum()),
        "data": "FER2013" + (" and FER+ votes" if faces.votes is not None else ""),
        "optimizer": settings.optimizer,
        "learning_rate": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "batch_size": settings.batch_size,
        "cooldown_epochs": settings.cooldown_epochs,
        "cooldown_minutes": settings.finish_minutes,
        "teachers": [known for name in settings.teachers for known in taught_by(name)],
        "teacher_share": settings.teacher_share if settings.teachers else 0.0,
        "teachers_see": settings.teachers_see if settings.teachers else "",
        "start_from": [Path(name).stem for name in settings.start_from],
        "frozen": list(settings.frozen),
        "ema": settings.ema,
        "precision": settings.precision,
        "seed": settings.seed,
        "augmentation": settings.to_json()["augmentation"],
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }


def release_trained(
    training: Training,
    model: Any,
    faces: FaceSet,
    out: Path,
    prefix: str,
    log: Callable[[str], None],
    start_share: float = 0.0,
) -> None:
    """Ships ``model`` into ``out`` and draws the pictures into the training's directory."""
    settings = training.settings
    origin = {**provenance(settings, faces, len(training.history)), "start_share": start_share}
    held = faces.of_split("PublicTest")
    results = release(model, settings.heads, faces, out, origin, prefix, log)
    for name, (card, result) in results.items():
        place = training.directory / name if len(results) > 1 else training.directory
        place.mkdir(exist_ok=True)
        epoch_history(place / "epoch_history.png", training.history, name)
        evaluation_pictures(place, result, held.images, card.name)


def train(
    settings: TrainSettings,
    faces: FaceSet,
    directory: Path,
    resume: bool = False,
    log: Callable[[str], None] = show,
) -> Training:
    """Trains, then leaves cards, weights, ``history.csv`` and pictures in ``directory``."""
    prepare(directory, resume)
    training = Training(settings, faces, directory)
    log(f"{len(training.train)} images to train on, {len(training.held)} to validate")
    model = training.run(resume, log)
    release_trained(training, model, faces, directory, "", log)
    (directory / "settings.json").write_text(json.dumps(settings.to_json(), indent=1) + "\n")
    return training
