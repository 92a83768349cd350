"""Crops brought to the sharpness of the images that models learned from.

A face that is small, moving or out of focus is softer than those, and sampling a large face down
blurs, too. The blur of a crop is taken for a Gaussian one, and undone as far as the crop does not
become sharper than training images are. Noise is sharp, so where there is much of it little is
undone. Undoing amplifies each frequency by what the blur left of it, up to a bound (an inverse
filter; Gonzalez and Woods, Digital Image Processing, chapter 5). Last of all a share of what a
blur of sigma 1 px takes away is added ("unsharp masking").

Crops are looked at as cosine transforms, of which a blur multiplies each number; so edges repeat.
Spectra and figures are in docs/training.md.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from fer_batch.types import FloatArray, Image

STEP = 0.2
SIGMAS = np.linspace(0, 1.8, 10)
"""Blurs without which it is known how sharp a crop is, pixels, ``STEP`` apart."""
FLAT = 8.0
"""Grey levels, so that a crop without contrast is not amplified."""
_BOUND = 0.01  # frequencies are amplified at most ten times


class Waves(NamedTuple):
    """What belongs to crops of ``s`` by ``s`` pixels, ``float32``.

    ``basis [s, s]``: the cosines of the transform, by rows (DCT-II, orthonormal). ``fading [s,
    s]``: the logarithm of what a blur of sigma 1 px leaves of each number of a transform, and
    ``lost [s, s]`` what it takes. ``contrast`` and ``detail``, ``[s * s, k]``: what the squares of
    a transform are multiplied by and added up for the variance of the crop, and of what that blur
    takes from it, each once one of ``SIGMAS`` was undone.
    """

    basis: FloatArray
    fading: FloatArray
    lost: FloatArray
    contrast: FloatArray
    detail: FloatArray


@cache
def waves(side: int) -> Waves:
    """What belongs to crops of ``side`` pixels."""
    number = np.arange(side)
    basis = np.cos(np.pi / side * number[:, None] * (number + 0.5)) * np.sqrt(2 / side)
    basis[0] /= np.sqrt(2)
    along = -0.5 * (np.pi * number / side) ** 2
    fading = along[:, None] + along
    lost = 1 - np.exp(fading)
    contrast = undoing(fading.reshape(-1, 1), SIGMAS, np) ** 2 / side**2
    contrast[0] = 0  # the mean level
    detail = contrast * lost.reshape(-1, 1) ** 2
    return Waves(*(a.astype(np.float32) for a in (basis, fading, lost, contrast, detail)))


def undoing(fading: Any, sigma: Any, ops: Any) -> Any:
    """What undoes a blur of ``sigma`` pixels: factors for numbers of a transform, of which one of 1
    px leaves ``exp(fading)``. ``ops`` is the library of these arrays, which fit each other."""
    return ops.sqrt((1 + _BOUND) / (ops.exp(2 * sigma**2 * fading) + _BOUND))


def sharpened(crops: Image, least: float, sharpness: float = 0.0) -> Image:
    """``crops uint8[n, s, s]``, brought towards ``sharpness``, and ``least`` times what a blur of
    sigma 1 px takes away added.

    Sharpness is what such a blur takes away, by its root mean square, as a share of the crop's
    contrast. The blur that is undone grows steadily as crops get softer, so that neighbouring
    frames are treated alike. 0 and 0 leave crops as they are. What becomes of a crop depends on
    that crop alone, bit for bit.
    """
    if not least and not sharpness:
        return crops
    basis, fading, lost, contrast, detail = waves(crops.shape[-1])
    spectra = basis @ crops.astype(np.float32) @ basis.T
    gain = 1 + least * lost
    if sharpness:
        energy = (spectra * spectra).reshape(len(crops), 1, fading.size)
        sharp = np.sqrt(energy @ detail) / (np.sqrt(energy @ contrast) + FLAT)
        gain = undoing(fading, blur(sharp, sharpness, np), np) * gain
    return np.clip(np.rint(basis.T @ (spectra * gain) @ basis), 0, 255).astype(np.uint8)


def blur(sharp: Any, sharpness: float, ops: Any) -> Any:
    """The blur of crops, ``float32[n, 1, 1]`` in pixels, from how sharp they are once each of
    ``SIGMAS`` was undone, ``float32[n, 1, k]``; ``ops`` is the library of those arrays. The more
    was undone, the sharper a crop is; between two of ``SIGMAS`` it is so along a line."""
    far = (sharpness - sharp[..., :-1]) / ops.maximum(sharp[..., 1:] - sharp[..., :-1], 1e-6)
    return STEP * ops.sum(ops.clip(far, 0, 1), axis=-1, keepdims=True)
