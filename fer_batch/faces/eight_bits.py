"""Kernels with eight bits a number and a scale for each channel that they make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_batch.types import FloatArray

LARGEST = 127  # the same on both sides of nothing, as LiteRT asks


@dataclass(frozen=True, slots=True)
class EightBits:
    """``values int8[out, height, width, in]``, which ``scale float32[out]`` makes weights of."""

    values: NDArray[np.int8]
    scale: FloatArray

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the values."""
        return self.values.shape

    def whole(self) -> FloatArray:
        """The weights, ``float32`` of that shape."""
        return np.asarray(self.values * self.scale[:, None, None, None], np.float32)


def eight_bits(weights: FloatArray) -> EightBits:
    """The nearest to ``weights float32[out, height, width, in]``."""
    largest = np.abs(weights).max(axis=(1, 2, 3))
    scale = np.where(largest > 0, largest / np.float32(LARGEST), np.float32(1))
    values = np.rint(weights / scale[:, None, None, None])
    return EightBits(values.astype(np.int8), scale.astype(np.float32))
