"""Crops brought to the sharpness of the images that models learned from.

A face that is small, moving or out of focus is softer than those, and sampling a large face down
blurs, too. The blur of a crop is taken for a Gaussian one, and undone as far as the crop does not
become sharper than training images are. Noise is sharp, so where there is much of it little is
undone. Undoing amplifies each frequency by what the blur left of it, up to a bound (an inverse
filter; Gonzalez and Woods, Digital Image Processing, chapter 5), but none that is too fine for the
picture that the face was enlarged from. Last of all a share of what a blur of sigma 1 px takes away
is added ("unsharp masking").

Crops are looked at as cosine transforms, of which a blur multiplies each number; so edges repeat.
Spectra and figures are in docs/training.md.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from fer_batch.faces.chips import size_and_turn
from fer_batch.types import Detections, FloatArray, Image

STEP = 0.2
SIGMAS = STEP * np.arange(10)
"""Blurs without which it is known how sharp a crop is, pixels, ``STEP`` apart."""
FLAT = 8.0
"""Grey levels, so that a crop without contrast is not amplified."""
AT_ONCE = 8
"""Crops at a time: with more, what is made of them no longer fits near the core."""
_BOUND = 0.01  # frequencies are amplified at most ten times


class Waves(NamedTuple):
    """What belongs to crops of ``s`` by ``s`` pixels, ``float32``.

    ``basis [s, s]``: the cosines of the transform, by rows (DCT-II, orthonormal). ``fading [s,
    s]``: the logarithm of what a blur of sigma 1 px leaves of each number of a transform, and
    ``lost [s, s]`` what it takes. ``fine [s, s]``: the square of its frequency, of which the finest
    along a side is 1. ``variances [s * s, 2 k]``: what the squares of a transform are
    multiplied by and added up for the variance of the crop once each of ``SIGMAS`` was undone, and
    then for that of what a blur of 1 px takes from it.
    """

    basis: FloatArray
    fading: FloatArray
    lost: FloatArray
    fine: FloatArray
    variances: FloatArray


@cache
def waves(side: int) -> Waves:
    """What belongs to crops of ``side`` pixels."""
    number = np.arange(side)
    basis = np.cos(np.pi / side * number[:, None] * (number + 0.5)) * np.sqrt(2 / side)
    basis[0] /= np.sqrt(2)
    along = -0.5 * (np.pi * number / side) ** 2
    fading = along[:, None] + along
    lost = 1 - np.exp(fading)
    fine = (number[:, None] ** 2 + number**2) / side**2
    contrast = undoing(fading.reshape(-1, 1), SIGMAS, np) ** 2 / side**2
    contrast[0] = 0  # the mean level
    variances = np.hstack([contrast, contrast * lost.reshape(-1, 1) ** 2])
    return Waves(*(a.astype(np.float32) for a in (basis, fading, lost, fine, variances)))


def undoing(fading: Any, sigma: Any, ops: Any) -> Any:
    """What undoes a blur of ``sigma`` pixels: factors for numbers of a transform, of which one of 1
    px leaves ``exp(fading)``. ``ops`` is the library of these arrays, which fit each other."""
    return ops.sqrt((1 + _BOUND) / (ops.exp(2 * sigma**2 * fading) + _BOUND))


def fineness(faces: Detections, template: FloatArray, size: int) -> FloatArray:
    """How many pixels of the picture there are for one of a crop of ``size`` pixels, along a side,
    ``float32[n]``: below 1 a face is enlarged. ``template float32[5, 2]``: where landmarks lie in
    the crop. A face without landmarks (NaN) is measured by its box."""
    whole, _ = size_and_turn(template)
    found = []
    # Plain numbers: for the few faces of a frame arrays take several times as long.
    for landmarks, box in zip(faces.landmarks, faces.box.tolist(), strict=True):
        share = size_and_turn(landmarks)[0] / whole
        found.append(max(box[2:]) / size if math.isnan(share) else share)
    return np.maximum(np.array(found, np.float32), 1e-3)


def sharpened(
    crops: Image, least: float, sharpness: float = 0.0, fineness: FloatArray | None = None
) -> Image:
    """``crops uint8[n, s, s]``, brought towards ``sharpness``, and ``least`` times what a blur of
    sigma 1 px takes away added.

    Sharpness is what such a blur takes away, by its root mean square, as a share of the crop's
    contrast. The blur that is undone grows steadily as crops get softer, so that neighbouring
    frames are treated alike. ``fineness float32[n]``: pixels of the picture for one of the crop
    (``fineness``), many where None. 0 and 0 leave crops as they are. What becomes of a crop
    depends on that crop alone, bit for bit.
    """
    if not least and not sharpness:
        return crops
    known, result = waves(crops.shape[-1]), np.empty_like(crops)
    for start in range(0, len(crops), AT_ONCE):
        few = slice(start, start + AT_ONCE)
        spectra = known.basis @ crops[few].astype(np.float32) @ known.basis.T
        energy = (spectra * spectra).reshape(len(spectra), 1, known.fine.size)
        fine = None if fineness is None else fineness[few]
        spectra *= gains(known, energy, least, sharpness, fine, np)
        result[few] = np.rint(known.basis.T @ spectra @ known.basis).clip(0, 255)
    return result


def gains(
    known: Waves, energy: Any, least: float, sharpness: float, fineness: Any, ops: Any
) -> Any:
    """What the numbers of transforms are multiplied by, ``float32[n, s, s]`` or ``[s, s]``.
    ``energy float32[n, 1, s * s]``: their squares. ``ops`` is the library of the arrays; for the
    rest see ``sharpened``."""
    added = 1 + least * known.lost
    if not sharpness:
        return added
    deviations = ops.sqrt(ops.matmul(energy, known.variances))
    contrast, detail = deviations[..., : len(SIGMAS)], deviations[..., len(SIGMAS) :]
    undone = undoing(known.fading, blur(detail / (contrast + FLAT), sharpness, ops), ops)
    if fineness is not None:
        # The finest frequency that a picture holds passes by a third, half of it by three quarters.
        passing = ops.exp(-1 / ops.reshape(fineness, (-1, 1, 1)) ** 2 * known.fine)
        undone = 1 + (undone - 1) * passing
    return undone * added


def blur(sharp: Any, sharpness: float, ops: Any) -> Any:
    """The blur of crops, ``float32[n, 1, 1]`` in pixels, from how sharp they are once each of
    ``SIGMAS`` was undone, ``float32[n, 1, k]``; ``ops`` is the library of those arrays. The more
    was undone, the sharper a crop is; between two of ``SIGMAS`` it is so along a line."""
    far = (sharpness - sharp[..., :-1]) / ops.maximum(sharp[..., 1:] - sharp[..., :-1], 1e-6)
    return STEP * ops.sum(ops.clip(far, 0, 1), axis=-1, keepdims=True)
