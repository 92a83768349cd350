"""Light of the numbers that video holds: PQ (SMPTE ST 2084), HLG (ARIB STD-B67), light itself."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

LINEAR, PQ, HLG = 8, 16, 18  # FFmpeg's numbers of transfer characteristics
REFERENCE = 203.0  # cd/m2
PEAK = 1000.0  # cd/m2, as phones master
GAMMA = 1 / 2.2
STEPS = 1 << 13  # of the table of light

Floats = NDArray[np.float32]


def light_of(trc: int, rgb: Floats) -> Floats:
    """Linear light ``float32[h, w, 3]``, 1 for reference white.

    ``trc``: FFmpeg's number of the transfer characteristic of ``rgb``, ``float32[h, w, 3]`` from 0
    to 1; what is neither PQ nor HLG nor linear is taken as a power of 2.2.
    """
    light = _opened(trc).take((rgb * (STEPS - 1) + 0.5).astype(np.int32))
    if trc == HLG:
        # A screen of 1000 cd/m2 (system gamma 1.2).
        luminance = cv2.transform(light, np.array([[0.2627, 0.6780, 0.0593]], np.float32))
        bright = cv2.pow(np.maximum(luminance, 1e-9), 0.2)
        light *= PEAK / REFERENCE * bright.reshape(*light.shape[:2], 1)
    return light


@lru_cache(maxsize=4)
def _opened(trc: int) -> Floats:
    """Light of each of ``STEPS`` non-linear values from 0 to 1."""
    value = np.linspace(0, 1, STEPS)
    if trc == PQ:
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        power = value ** (1 / m2)
        light = (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1) * 10_000 / REFERENCE
    elif trc == HLG:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(value <= 0.5, value**2 / 3, (np.exp((value - c) / a) + b) / 12)
    else:
        light = value if trc == LINEAR else value ** (1 / GAMMA)
    return light.astype(np.float32)
