"""Values of any depth as 8 bits, by the largest value that their file names."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_batch.types import Image

STRIP = 1 << 22  # values that are brought to 8 bits at a time


def to_eight_bits(values: NDArray[Any], most: int) -> Image:
    """``uint8`` of the same shape, contiguous: 0 stays 0 and ``most`` (up to 65535) becomes 255.

    ``values``: of 8 or 16 bits without a sign; what is larger than ``most`` is taken for it.
    """
    shown = ((np.arange(most + 1) * 255 + most // 2) // most).astype(np.uint8)
    flat, result = np.ascontiguousarray(values).reshape(-1), np.empty(values.size, np.uint8)
    for start in range(0, flat.size, STRIP):
        part = flat[start : start + STRIP]
        result[start : start + STRIP] = shown.take(part, mode="clip")
    return result.reshape(values.shape)
