"""Whether an aligned crop shows a face the right way up and whole.

A detector that takes a face for what it is not (upside down, mostly hidden) still gives landmarks,
and the crop that is laid on them looks unlike any face: where the eyes should be, there is a mouth.
One number tells: the product of the crop's appearance (12 x 12 standardised cells) with a pattern,
found by linear discriminant analysis (Fisher, 1936) of 1082 faces as they are, or tilted by up to
40 degrees, against 731 that were upside down (``python -m benchmarks.upright``).
"""

from __future__ import annotations

import numpy as np

from fer_batch.types import FloatArray, HalfArray

# The left half of the pattern, row by row; the right half is its mirror image.
_LEFT = (
    *(11, -3, -4, 10, 3, -6),
    *(-2, -4, 5, 15, 48, 32),
    *(-11, -14, -34, 8, 63, 81),
    *(-6, -19, -18, -58, -70, 90),
    *(-10, -12, 12, -99, -96, 27),
    *(8, 3, 34, 43, 17, 56),
    *(3, -10, 2, 44, -35, 30),
    *(22, -27, 0, 53, -29, -78),
    *(4, 13, 14, 25, -28, -9),
    *(-5, 1, 22, 34, -77, -43),
    *(16, -1, -22, 5, 11, -16),
    *(8, 3, -15, -23, -9, 14),
)
_half = np.array(_LEFT, np.float32).reshape(12, 6)
_whole = np.concatenate([_half, _half[:, ::-1]], axis=1).reshape(-1)
PATTERN: FloatArray = _whole / np.linalg.norm(_whole)


def upright(appearances: HalfArray) -> FloatArray:
    """How much crops look like upright faces, ``float32[n]`` from -1 to 1, mostly 0.1 to 0.4; of
    ``align.appearance``'s vectors ``float16[n, 144]``. A mirror image has the same."""
    return np.asarray(appearances.astype(np.float32) @ PATTERN, np.float32)
