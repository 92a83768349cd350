"""Training images as the pipeline would cut out the faces in them.

A network that sees faces in one place only learns more of what little moves there. What differs
between sad and neutral faces is that small (figures in docs/training.md).
"""

from __future__ import annotations

from dataclasses import replace

from fer_batch.training.data.augment import NONE, augment
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.template import aligning_maps

ALIGNED = replace(NONE, align=1.0)


def as_cropped(faces: FaceSet, sharpen: float, sharpness: float) -> FaceSet:
    """``faces`` with each image warped to the mean template by its landmarks, and sharpened as a
    model's card says (``faces.sharpen.sharpened``). Images in which no face was found are only
    sharpened. The landmarks are left out: they no longer fit."""
    import numpy as np

    from fer_batch.faces.sharpen import sharpened

    chance = np.random.default_rng(0)  # of which nothing comes here
    images = augment(faces.images, ALIGNED, chance, aligning_maps(faces.landmarks))
    return replace(faces, images=sharpened(images, sharpen, sharpness), landmarks=None)
