"""``fer-batch train``: models out of labelled faces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from fer_batch.cli.console import echo
from fer_batch.cli.train.options import Data, FerPlus, Landmarks

if TYPE_CHECKING:
    from fer_batch.training.data.targets import Head
    from fer_batch.training.settings import TrainSettings


def train(
    data: Data,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for checkpoints and results.")],
    arch: Annotated[
        str | None,
        typer.Option(
            help="Network: dcnn (the reference), resnet, resnet-wide, resnet-face or "
            "resnet-face-large.",
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
    align: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of images warped first, as faces in video are."),
    ] = None,
    degrade: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Share of images that are made as in video: small, blurred, noisy, compressed.",
        ),
    ] = None,
    occlude: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Share of images with glasses, a hand or a microphone drawn on."
        ),
    ] = None,
    jitter: Annotated[
        float | None,
        typer.Option(min=0, help="Pixels by which landmarks are misplaced in warped images."),
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(help="A head's share of the loss, as in ferplus8=2; for each head one."),
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
    from fer_batch.emotion.backend import load_keras, require_keras
    from fer_batch.option_text import parse_names
    from fer_batch.training import run
    from fer_batch.training.data.read import hold_out, load

    require_keras("fer-batch train", "scipy")
    changes = {
        "batch_size": batch_size,
        "learning_rate": lr,
        "optimizer": optimizer,
        "weight_decay": weight_decay,
        "erase": erase,
        "mix": mix,
        "align": align,
        "degrade": degrade,
        "occlude": occlude,
        "jitter": jitter,
        "weights": run.head_weights(weight or []),
        "cooldown_epochs": cooldown_epochs,
        "finish_minutes": finish_in,
        "teachers": _found_again(teacher) if teacher else None,
        "teacher_share": teacher_share,
        "teachers_see": run.known_view(teachers_see),
        "precision": precision,
        "seed": seed,
        "validation_share": validation_share,
    }
    heads = run.heads_for(targets or "fer2013", parse_names(emotions) or None)
    fixed = _Fixed(
        arch,
        heads if targets or emotions else None,
        _found_again(start_from or []),
        tuple(part.strip() for part in freeze.split(",") if part.strip()),
    )
    settings = _settings(out, resume, epochs, fixed, changes)
    faces = hold_out(load(data, fer_plus, landmarks), settings.validation_share, settings.seed)
    load_keras("fer-batch train")
    run.train(settings, faces, out, resume, echo)
    echo(f"models, history.csv and pictures are in {out}")


class _Fixed(NamedTuple):
    """What a training that is resumed cannot change; None and () where it was not asked for."""

    arch: str | None
    heads: tuple[Head, ...] | None
    start_from: tuple[str, ...]
    frozen: tuple[str, ...]


def _settings(
    out: Path, resume: bool, epochs: int, fixed: _Fixed, changes: dict[str, Any]
) -> TrainSettings:
    """Those of the training in ``out`` with ``changes`` where it is resumed, else a recipe's.

    Raises:
        UsageError: what was asked does not go together, or not with the training in ``out``.
    """
    from fer_batch.training import run

    known = run.stored_settings(out, epochs=epochs, **changes) if resume else None
    if known is not None:
        run.check_same(known, out, *fixed)
        return known
    more = {"start_from": fixed.start_from, "frozen": fixed.frozen, **changes}
    heads = fixed.heads or run.heads_for("fer2013", None)
    return run.new_settings(fixed.arch or "resnet", heads, epochs, **more)


def _found_again(models: list[str]) -> tuple[str, ...]:
    """Names as they are, paths of cards absolute: a training may be resumed from another folder."""
    return tuple(str(Path(m).resolve()) if Path(m).is_file() else m for m in models)
