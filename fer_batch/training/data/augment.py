"""Random variants of face images: one affine warp and one change of contrast each, and where asked
for what hides a face (``data.occlude``) and what a video makes of it (``data.degrade``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fer_batch.training.data.degrade import degrade
from fer_batch.training.data.occlude import occlude
from fer_batch.training.data.template import DEFAULT_TEMPLATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    ByteArray = NDArray[np.uint8]
    FloatArray = NDArray[np.float32]
    Matrices = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Ranges of the random changes; each is drawn uniformly from ± its value.

    ``rotation`` degrees; ``scale`` and ``shear`` shares; ``stretch`` share by which the two axes
    differ; ``shift`` pixels; ``contrast`` share; ``brightness`` grey levels; ``flip`` probability;
    ``erase`` probability that a block of one grey level, a sixth to two fifths of the image a side,
    hides a part (Zhong et al., 2020); ``align`` probability that the image is first warped to the
    landmark template, as faces of a video are; ``mix`` alpha of mixup, which pairs whole rows
    (``training.mixup``), 0 for none. ``degrade`` and ``occlude`` are the probabilities of
    ``data.degrade`` and ``data.occlude``; ``jitter`` the deviation, in pixels, by which
    each landmark is misplaced where an image is warped to the template.
    """

    rotation: float = 10.0
    scale: float = 0.10
    stretch: float = 0.0
    shear: float = 0.0
    shift: float = 4.0
    contrast: float = 0.25
    brightness: float = 20.0
    flip: float = 0.5
    erase: float = 0.0
    align: float = 0.0
    mix: float = 0.0
    degrade: float = 0.0
    occlude: float = 0.0
    jitter: float = 0.0


MILD = Augmentation(align=0.35)
REFERENCE = Augmentation(
    rotation=15.0, scale=0.15, stretch=0.15, shear=0.15, shift=7.2, contrast=0.0, brightness=0.0
)
"""The published recipe: rotation 15°, shifts 0.15 of 48 px, shear 0.15, zoom 0.15 an axis, flip."""

NONE = Augmentation(0, 0, 0, 0, 0, 0, 0, 0.0)


def random_matrices(
    count: int, size: int, augmentation: Augmentation, rng: np.random.Generator
) -> Matrices:
    """Affine maps from source to output pixels about the image's centre, ``float64[n, 3, 3]``."""
    import numpy as np

    def uniform(limit: float) -> NDArray[np.float64]:
        return rng.uniform(-limit, limit, count)

    angle = np.deg2rad(uniform(augmentation.rotation))
    scale = np.exp(uniform(np.log1p(augmentation.scale)))
    wide, high = scale, scale * np.exp(uniform(np.log1p(augmentation.stretch)))
    shear = uniform(augmentation.shear)
    mirror = np.where(rng.random(count) < augmentation.flip, -1.0, 1.0)
    cos, sin = np.cos(angle), np.sin(angle)
    linear = np.empty((count, 2, 2))
    linear[:, 0, 0], linear[:, 0, 1] = mirror * wide * cos, mirror * (shear * cos - high * sin)
    linear[:, 1, 0], linear[:, 1, 1] = wide * sin, shear * sin + high * cos
    middle = np.full(2, (size - 1) / 2)
    shift = np.stack([uniform(augmentation.shift), uniform(augmentation.shift)], axis=1)
    maps = np.zeros((count, 3, 3))
    maps[:, :2, :2] = linear
    maps[:, :2, 2] = middle - linear @ middle + shift
    maps[:, 2, 2] = 1.0
    return maps


def jittered(count: int, deviation: float, rng: np.random.Generator) -> Matrices:
    """What becomes of a warp to the template where each landmark is misplaced: the similarity that
    lays the template, shifted by that ``deviation`` in pixels, on itself; ``float64[n, 3, 3]``."""
    import numpy as np

    template = np.array(DEFAULT_TEMPLATE)
    found = template + rng.normal(0, deviation, (count, *template.shape))
    mean, middle = found.mean(axis=1, keepdims=True), template.mean(axis=0)
    x, y = np.moveaxis(found - mean, 2, 0)
    u, v = (template - middle).T
    norm = (x * x + y * y).sum(axis=1)
    a, b = (x * u + y * v).sum(axis=1) / norm, (x * v - y * u).sum(axis=1) / norm
    maps = np.zeros((count, 3, 3))
    maps[:, 0, 0], maps[:, 0, 1], maps[:, 1, 0], maps[:, 1, 1] = a, -b, b, a
    maps[:, :2, 2] = middle - np.einsum("nij,nj->ni", maps[:, :2, :2], mean[:, 0])
    maps[:, 2, 2] = 1.0
    return maps


def augment(
    images: ByteArray,
    augmentation: Augmentation,
    rng: np.random.Generator,
    aligning: Matrices | None = None,
) -> ByteArray:
    """A random variant of each of ``images uint8[n, s, s]``.

    ``aligning float64[n, 2, 3]``: each image's map to the landmark template, NaN where unknown. The
    two warps are composed, so that pixels are interpolated once.
    """
    import cv2
    import numpy as np

    count, size = len(images), images.shape[1]
    maps = random_matrices(count, size, augmentation, rng)
    aligned = rng.random(count) < augmentation.align
    if aligning is not None:
        aligned &= np.isfinite(aligning).all(axis=(1, 2))
    gain = rng.uniform(1 - augmentation.contrast, 1 + augmentation.contrast, count)
    lift = rng.uniform(-augmentation.brightness, augmentation.brightness, count)
    erased = rng.random(count) < augmentation.erase
    middles = rng.integers(0, size, (count, 2))
    halves = rng.integers(size // 12, size // 5 + 1, (count, 2))
    hidden = (
        rng.random(count) < augmentation.occlude if augmentation.occlude else np.zeros(count, bool)
    )
    filmed = (
        rng.random(count) < augmentation.degrade if augmentation.degrade else np.zeros(count, bool)
    )
    shaken = jittered(count, augmentation.jitter, rng) if augmentation.jitter else None
    result = np.empty_like(images)
    for i, image in enumerate(images):
        matrix = maps[i]
        if aligned[i] and aligning is not None:
            matrix = matrix if shaken is None else matrix @ shaken[i]
            matrix = matrix @ np.vstack([aligning[i], [0, 0, 1]])
        warped = cv2.warpAffine(
            image, matrix[:2], (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        if hidden[i]:
            warped = occlude(warped, rng)
        if filmed[i]:
            warped = degrade(warped, rng)
        if augmentation.contrast or augmentation.brightness:
            mean = float(warped.mean())
            warped = cv2.convertScaleAbs(
                np.clip((warped - mean) * gain[i] + mean + lift[i], 0, 255)
            )
        if erased[i]:
            (x, y), (w, h) = middles[i], halves[i]
            warped[max(0, y - h) : y + h, max(0, x - w) : x + w] = rng.integers(0, 256)
        result[i] = warped
    return result
