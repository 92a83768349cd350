"""``fer-batch calibrate``: where landmarks lie in training images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fer_batch.cli.console import echo
from fer_batch.cli.train.options import Data
from fer_batch.plural import plural


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
    from fer_batch.training.data.landmarks import find_landmarks, make_detector, save_landmarks
    from fer_batch.training.data.read import load
    from fer_batch.training.data.template import mean_template

    if out.resolve() == data.resolve():
        raise UsageError(f"{out}: holds the images; choose another name for the landmarks")
    faces = load(data)
    landmarks = find_landmarks(
        faces.images,
        make_detector(detector_model),
        lambda done: echo(f"{done}/{len(faces)}", err=True),
    )
    found = float(np.isfinite(landmarks).all(axis=(1, 2)).mean())
    if not found:
        raise TrainingDataError(f"{data}: no face is found in any of its {len(faces)} images")
    save_landmarks(out, landmarks)
    echo(f"faces found in {found:.1%} of {plural(len(faces), 'image')}")
    names = ("right eye", "left eye", "nose", "right mouth corner", "left mouth corner")
    for name, (x, y) in zip(names, mean_template(landmarks), strict=True):
        echo(f"{name:<18} {x:6.2f} {y:6.2f}")
