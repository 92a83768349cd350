"""Photos of people who are known by name: the one face in each, as it is recognised."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_batch.config import AnalyzeSettings
from fer_batch.errors import InputError, UsageError
from fer_batch.faces.chips import face_chip, sharpness
from fer_batch.media.source import open_source, probe_wanted
from fer_batch.pipeline.views import LEAST_SHARPNESS, worth

if TYPE_CHECKING:
    from fer_batch.pipeline.build import Engine
    from fer_batch.types import Detections, FloatArray

# A face of at least this part of the largest one's width may be meant as well.
ALSO_MEANT = 0.4


def asked_of_photos(settings: AnalyzeSettings) -> AnalyzeSettings:
    """A photo is taken as it is: what was asked of inputs (every fifth frame, a crop) is not asked
    of it."""
    return AnalyzeSettings(
        images="photos",
        detector=settings.detector,
        detector_model=settings.detector_model,
        min_confidence=settings.min_confidence,
    )


def face_of(photo: Path, name: str, plain: AnalyzeSettings, engine: Engine) -> FloatArray:
    """What the person in ``photo`` is recognised by: ``float32[128]``. ``plain``: see
    ``asked_of_photos``.

    Raises:
        UsageError: it cannot be read, or does not show one face well; one line that says what to
            do, and names the photo.
    """
    try:
        limits = engine.run.limits
        info = probe_wanted(photo, photo.name, plain, limits)
        frame = next(iter(open_source(info, limits, 1).frames(0, 1)))
    except InputError as error:
        line = str(error).removeprefix(f"{photo}: ")
        raise UsageError(f"--who: {photo}: {line}") from error
    if frame.image is None:
        raise UsageError(f"--who: {photo}: cannot be read; save the photo again as JPEG or PNG")
    found = engine.detector(plain).detect(frame)
    try:
        chip = face_chip(frame, found.landmarks[_only_face(found)])
        if sharpness(chip) < LEAST_SHARPNESS:
            raise ValueError("the face is blurred; give a sharper photo")
    except ValueError as error:
        raise UsageError(f"--who: {photo}: {str(error).replace('NAME', name)}") from error
    pictures = np.stack([chip, chip[:, ::-1]])
    return np.asarray(engine.recogniser().embed(pictures).mean(axis=0), np.float32)


def _only_face(found: Detections) -> int:
    """Which of the faces of a photo is the one that is meant.

    Raises:
        ValueError: there is none, or not one alone, or it tells nothing.
    """
    if not len(found):
        raise ValueError("shows no face; give a photo of NAME's face, large and from the front")
    width = found.box[:, 2]
    large = np.flatnonzero(width >= ALSO_MEANT * width.max())
    if len(large) > 1:
        raise ValueError(f"shows {len(large)} faces; cut out the one of NAME")
    place = int(large[0])
    if worth(found.landmarks[place : place + 1], found.confidence[place : place + 1])[0] <= 0:
        raise ValueError(
            "the face is too small or turned too far away; give a larger photo from the front"
        )
    return place
