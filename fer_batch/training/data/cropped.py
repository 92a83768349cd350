"""Training images as the pipeline would cut out the faces in them.

A network that sees faces in one place only learns more of what little moves there. What differs
between sad and neutral faces is that small (figures in docs/training.md).
"""

from __future__ import annotations

from dataclasses import replace

from fer_batch.training.data.faceset import SIZE, FaceSet
from fer_batch.training.data.template import aligning_maps


def as_cropped(faces: FaceSet, sharpen: float, sharpness: float) -> FaceSet:
    """``faces`` with each image warped to the mean template by its landmarks, and sharpened as a
    model's card says (``faces.align.sharpened``). Images in which no face was found are only
    sharpened. The landmarks are left out: they no longer fit."""
    import cv2
    import numpy as np

    from fer_batch.faces.align import sharpened

    images = faces.images.copy()
    if (maps := aligning_maps(faces.landmarks)) is not None:
        for row in np.flatnonzero(np.isfinite(maps).all(axis=(1, 2))):
            images[row] = cv2.warpAffine(
                images[row],
                maps[row],
                (SIZE, SIZE),
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
    return replace(faces, images=sharpened(images, sharpen, sharpness), landmarks=None)
