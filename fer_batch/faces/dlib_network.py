"""dlib's face recognition network, layer by layer, for any runtime that can do five operations.

A residual network (He et al., 2016) of 29 convolutions: a stem, five stages, the mean, one last
layer. Where a stage halves the size, its shortcut is averaged and filled up with zeros. dlib's
strided convolutions have no margin, so a shortcut may be a pixel larger than what is added to it;
that is filled up with zeros too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeAlias, TypeVar

import numpy as np

from fer_batch.faces.dlib_weights import LENGTH, STAGES, Weights
from fer_batch.faces.eight_bits import EightBits
from fer_batch.types import FloatArray

SIDE = 150
"""Side of the picture of a face, pixels."""

T = TypeVar("T")
Kernel: TypeAlias = "FloatArray | EightBits"


class Operations(Protocol[T]):
    """What a runtime does with its tensors ``[1, height, width, channels]``."""

    def shape(self, tensor: T) -> tuple[int, ...]: ...
    def convolve(
        self, tensor: T, weights: Kernel, bias: FloatArray, stride: int, relu: bool, pad: bool
    ) -> T:
        """``weights [out, height, width, in]``; ``pad``: keep the size (at stride 1)."""
        ...

    def pool(self, tensor: T, size: int, stride: int, mean: bool) -> T:
        """The largest, or the mean, of ``size`` x ``size`` pixels, without a margin."""
        ...

    def fill_up(self, tensor: T, height: int, width: int, channels: int) -> T:
        """Zeros below, to the right and in new channels up to that size."""
        ...

    def add(self, first: T, second: T, relu: bool) -> T: ...


def embed(ops: Operations[T], picture: T, weights: Weights) -> T:
    """From a ``picture [1, 150, 150, 3]``, RGB with levels 0 to 255, to its embedding
    ``[1, 1, 1, 128]``."""
    *_, x = stages(ops, picture, weights)
    x = ops.pool(x, ops.shape(x)[1], ops.shape(x)[1], mean=True)
    nothing = np.zeros(LENGTH, np.float32)
    return ops.convolve(x, weights.last, nothing, stride=1, relu=False, pad=False)


def stages(ops: Operations[T], picture: T, weights: Weights) -> Iterator[T]:
    """What comes out of each of the five stages, ``[1, side, side, channels]``."""
    left = iter(weights.convolutions)
    x = ops.convolve(picture, *weights.stem, stride=2, relu=True, pad=False)
    x = ops.pool(x, 3, 2, mean=False)
    for stage, (_, blocks) in enumerate(STAGES):
        for block in range(blocks):
            x = _block(ops, x, next(left), next(left), halve=block == 0 and stage > 0)
        yield x


def _block(
    ops: Operations[T],
    x: T,
    first: tuple[EightBits, FloatArray],
    second: tuple[EightBits, FloatArray],
    halve: bool,
) -> T:
    y = ops.convolve(x, *first, stride=2 if halve else 1, relu=True, pad=not halve)
    y = ops.convolve(y, *second, stride=1, relu=False, pad=True)
    if halve:
        x = ops.pool(x, 2, 2, mean=True)
    height, width, channels = (max(a, b) for a, b in zip(_size(ops, x), _size(ops, y), strict=True))
    x, y = (ops.fill_up(each, height, width, channels) for each in (x, y))
    return ops.add(x, y, relu=True)


def _size(ops: Operations[T], tensor: T) -> tuple[int, ...]:
    return ops.shape(tensor)[1:]
