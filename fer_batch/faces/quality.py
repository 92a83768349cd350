"""How well a face can be read: measured on its aligned crop and its detection, one number 0 to 1.

Each property has a range: at its bad end a face counts nothing, at its good end it is as good as
any. ``quality`` is the product of all. Stateless and free of random: a face has the same quality
whatever was seen before it. How the ranges were found is in docs/quality.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_batch.faces.align import appearance
from fer_batch.faces.chips import span
from fer_batch.faces.upright import upright
from fer_batch.pose import pose
from fer_batch.types import FloatArray, HalfArray, Image

BRIGHT = 243  # grey level from which on nothing is left to see
# Energy of the Laplacian of mere rounding to whole grey levels: 4² + 4 · 1² times 1/12.
ROUNDING = 20 / 12
LOOKS = 4  # numbers that `look` gives of a crop
# Faces below cannot be read: there the mean of the recalls has fallen by a third.
LEAST_QUALITY = 0.5
# The face's square in units of its span (how wide a mean face is): chin to forehead.
SQUARE = 1.1


@dataclass(frozen=True, slots=True)
class Range:
    """What a property is worth: 1/2 at ``half``, where the recall has fallen by a third, 1 from
    ``good`` on, straight in between and beyond to 0. ``ratio``: straight in the logarithm."""

    half: float
    good: float
    ratio: bool = False

    def score(self, values: FloatArray) -> FloatArray:
        """``float32[n]`` from 0 to 1; 1 where nothing is known (NaN)."""
        half, good, values = self.half, self.good, values.astype(np.float64)
        if self.ratio:
            half, good, values = np.log(half), np.log(good), np.log(np.maximum(values, 1e-9))
        found = 0.5 + 0.5 * (values - half) / (good - half)
        return np.nan_to_num(np.clip(found, 0, 1), nan=1.0).astype(np.float32)


RANGES = {
    "size": Range(7, 16, ratio=True),
    "sharpness": Range(0.015, 0.06, ratio=True),
    "contrast": Range(4, 8, ratio=True),
    "glare": Range(0.87, 0.5),
    "yaw": Range(65, 45),
    "pitch": Range(45, 25),
    "inside": Range(0.55, 0.8),
    "upright": Range(-0.03, 0.03),
    "confidence": Range(0.75, 0.8),
}
# How much less sure the detector is of faces that can be read all the same: by least squares, of
# tilted ones by how many of them are left out. Landmarks show half of a tilt.
SMALL, SMALL_COSTS = 20, 0.1  # pixels; for each halving of the size
SOFT, SOFT_COSTS = 0.12, 0.08  # sharpness; for each third of it
TILTED, TILT_COSTS = 10, 0.015  # degrees of roll; for each degree more


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured of ``n`` faces, each ``float32[n]``, NaN where it is not known.

    ``size``: width of the face, pixels of the source. ``sharpness``: energy of the Laplacian in
    the middle of the crop over that of its contrast; a blurred face has none. ``contrast``:
    standard deviation there, grey levels. ``glare``: share of pixels that are near white.
    ``yaw``, ``pitch``, ``roll``: degrees, see ``pose``. ``inside``: share of the face's
    square that lies in the picture. ``confidence``: the detector's. ``upright``: whether the crop
    looks like a face the right way up, see ``faces.upright``.
    """

    size: FloatArray
    sharpness: FloatArray
    contrast: FloatArray
    glare: FloatArray
    yaw: FloatArray
    pitch: FloatArray
    roll: FloatArray
    inside: FloatArray
    confidence: FloatArray
    upright: FloatArray


def look(crops: Image, appearances: HalfArray | None = None) -> FloatArray:
    """Sharpness, contrast, glare and uprightness of ``crops uint8[n, s, s]``, aligned, in full
    range: ``float32[n, 4]``. ``appearances``: theirs, where they are known already."""
    side = crops.shape[1]
    margin = side // 6
    inner = crops[:, margin : side - margin, margin : side - margin].astype(np.float32)
    middle = inner[:, 1:-1, 1:-1]
    edges = inner[:, :-2, 1:-1] + inner[:, 2:, 1:-1] + inner[:, 1:-1, :-2] + inner[:, 1:-1, 2:]
    edges -= 4 * middle
    variance = inner.var(axis=(1, 2))
    pixels = middle.shape[1] * middle.shape[2]
    energy = np.einsum("nij,nij->n", edges, edges) / pixels - ROUNDING
    glare = (inner >= BRIGHT).mean(axis=(1, 2))
    # A grey level squared, so that a flat crop has no sharpness rather than any.
    facing = upright(appearance(crops) if appearances is None else appearances)
    return np.stack(
        [np.maximum(energy, 0) / (variance + 1), np.sqrt(variance), glare, facing],
        axis=1,
        dtype=np.float32,
    )


def quality(measures: Measures) -> FloatArray:
    """How well faces can be read, ``float32[n]`` from 0 to 1: the product of what each property is
    worth by ``RANGES``. A mirror image has the same. Roll is not in it: crops are upright."""
    found = np.ones(len(measures.size), np.float32)
    for name, known in RANGES.items():
        values = surety(measures) if name == "confidence" else getattr(measures, name)
        found *= known.score(np.abs(values) if name in ("yaw", "pitch") else values)
    return found


def surety(measures: Measures) -> FloatArray:
    """The detector's confidence, ``float32[n]``, with what it lacks because a face is small, soft
    or tilted given back. What lacks beyond that tells of a face that is hidden, or is none."""
    small = np.log2(SMALL / np.maximum(measures.size, 1)).clip(0, 1.5)
    soft = (np.log(SOFT / np.maximum(measures.sharpness, 1e-4)) / np.log(3)).clip(0, 2)
    tilted = np.nan_to_num(np.abs(measures.roll) - TILTED).clip(0, 40)
    lacking = SMALL_COSTS * small + SOFT_COSTS * soft + TILT_COSTS * tilted
    return np.asarray(measures.confidence + lacking, np.float32)


def inside(landmarks: FloatArray, picture: np.ndarray) -> FloatArray:
    """Share of the square round the landmarks ``float32[n, 5, 2]`` that lies in the picture,
    ``float32[n]``; ``picture [n, 2]``: its width and height. NaN without landmarks."""
    half = span(landmarks)[:, None] * SQUARE / 2
    middle = landmarks.mean(axis=1)
    low, high = np.maximum(middle - half, 0), np.minimum(middle + half, picture)
    shown = np.clip(high - low, 0, None).prod(axis=1)
    return (shown / np.maximum((2 * half[:, 0]) ** 2, 1e-9)).astype(np.float32)


def measure(
    looks: FloatArray,
    box: FloatArray,
    landmarks: FloatArray,
    confidence: FloatArray,
    picture: np.ndarray,
) -> Measures:
    """All that is measured of ``n`` faces.

    ``looks float32[n, 4]`` of ``look``; ``box float32[n, 4]``, ``landmarks float32[n, 5, 2]`` and
    ``picture [n, 2]`` (width, height) in pixels of the source; ``confidence float32[n]``.
    """
    known = np.isfinite(landmarks).all(axis=(1, 2))
    size = np.where(known, span(landmarks), np.sqrt(np.abs(box[:, 2] * box[:, 3])))
    sharpness, contrast, glare, facing = looks.T
    yaw, pitch, roll = pose(landmarks).T
    return Measures(
        size=size.astype(np.float32),
        sharpness=sharpness,
        contrast=contrast,
        glare=glare,
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        inside=inside(landmarks, picture),
        confidence=confidence,
        upright=np.where(known, facing, np.nan).astype(np.float32),
    )
