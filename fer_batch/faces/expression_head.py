"""Expressions from what dlib's recogniser computes on the way: means of parts of its stages.

The network learned who is who from some three million pictures (see docs/identity.md). What its
five stages say of a face tells expressions apart as well; a small head learned which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from fer_batch.errors import ModelFileError, UnreadableError
from fer_batch.faces.dlib_network import SIDE, Operations, T, stages
from fer_batch.faces.dlib_weights import STAGES, Weights
from fer_batch.faces.eight_bits import EightBits
from fer_batch.npz import read_npz, write_npz
from fer_batch.types import FloatArray, Image

FORMAT = 3

CROP = 48
"""Side of the crop that is looked at, pixels: that of FER2013's images."""
LARGE, DOWN = 151, 12
"""A crop as large as the recogniser wants faces, in pixels, and how far down its picture begins
there: this lays FER2013's mean landmarks on those of ``faces.chips.TEMPLATE``."""
POOLED = {0: 7, 1: 8, 2: 8, 3: 4, 4: 2}
"""How each stage is looked at, as the means of so many by so many parts of the picture: small ones,
since what tells expressions apart is where brows and mouth lie, to a pixel."""
SHARPNESS = -0.75
"""Of the cubic kernel (Keys, 1981), as OpenCV has it."""


@dataclass(frozen=True, slots=True)
class ExpressionHead:
    """``kernels`` by stage, ``[hidden, parts, parts, channels]``; ``bias float32[hidden]``;
    ``last float32[outputs, hidden]`` and ``last_bias float32[outputs]`` make logits of it.
    ``labels``: whose annotation they are of, and those whose logits come one after another among
    the outputs, group by group; an annotation may have several groups."""

    kernels: Mapping[int, EightBits]
    bias: FloatArray
    last: FloatArray
    last_bias: FloatArray
    labels: Sequence[tuple[str, tuple[str, ...]]]

    def places(self, annotation: str, labels: tuple[str, ...]) -> list[int]:
        """Where the logits of ``labels`` stand among the outputs; in the group that knows fewest
        others, since that learned to tell just these apart.

        Raises:
            ValueError: no group of that annotation knows all of them.
        """
        found: dict[int, list[int]] = {}
        first = 0
        for name, known in self.labels:
            if name == annotation and set(labels) <= set(known):
                found[len(known)] = [first + known.index(label) for label in labels]
            first += len(known)
        return found[min(found)]

    def only(self, places: Sequence[int]) -> ExpressionHead:
        """A head that has these outputs alone, and no unit that none of them listens to."""
        last = self.last[places]
        heard = np.flatnonzero(last.any(axis=0))
        kernels = {s: EightBits(k.values[heard], k.scale[heard]) for s, k in self.kernels.items()}
        return ExpressionHead(kernels, self.bias[heard], last[:, heard], self.last_bias[places], ())


def write_head(path: Path, head: ExpressionHead) -> None:
    """Keep ``head`` as ``path``, an ``.npz``.

    Raises:
        NoSpaceError, OutputPathError: it cannot be written.
    """
    kernels: dict[str, Any] = {}
    for stage, kernel in head.kernels.items():
        kernels |= {f"kernel_{stage}": kernel.values, f"scale_{stage}": kernel.scale}
    others = {"bias": head.bias, "last": head.last, "last_bias": head.last_bias}
    meta = {"format": FORMAT, "labels": [[name, list(own)] for name, own in head.labels]}
    write_npz(path, meta, {**kernels, **others}, packed=True)


def read_head(path: Path) -> ExpressionHead:
    """What ``write_head`` kept.

    Raises:
        ModelFileError: missing, damaged, or something else.
    """
    try:
        meta, arrays = read_npz(path, FORMAT)
        found: dict[str, Any] = dict(arrays)
        labels = tuple((str(name), tuple(map(str, own))) for name, own in meta["labels"])
        kernels = {s: EightBits(found[f"kernel_{s}"], found[f"scale_{s}"]) for s in POOLED}
        head = ExpressionHead(kernels, found["bias"], found["last"], found["last_bias"], labels)
        hidden, outputs = len(head.bias), sum(len(own) for _, own in labels)
        shapes = [kernel.shape for kernel in kernels.values()]
        if shapes != [(hidden, parts, parts, STAGES[s][0]) for s, parts in POOLED.items()]:
            raise ValueError("kernels of another shape")
        if head.last.shape != (outputs, hidden) or head.last_bias.shape != (outputs,):
            raise ValueError("outputs of another shape")
    except (UnreadableError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{path}: not a head that can be read ({error})") from error
    return head


def enlarge(crop: Image, picture: FloatArray) -> None:
    """Write a crop ``uint8[48, 48]`` as the recogniser wants faces into ``picture
    float32[150, 150]``. Below it are pixels as those at its edge."""
    import cv2

    large = cv2.resize(crop.astype(np.float32), (LARGE, LARGE), interpolation=cv2.INTER_CUBIC)
    filled = LARGE - DOWN
    picture[:filled] = large[DOWN:, :SIDE]
    picture[filled:] = picture[filled - 1]


@cache
def enlargement() -> tuple[FloatArray, FloatArray]:
    """What ``enlarge`` does as matrices for rows and columns of a crop, ``float32[150, 48]`` each,
    for runtimes that know no cubic kernel or another one."""
    down = np.minimum(np.arange(SIDE) + DOWN, LARGE - 1)
    return _cubic(down), _cubic(np.arange(SIDE))


def _cubic(pixels: np.ndarray) -> FloatArray:
    """Rows of weights of a crop's pixels for those ``pixels`` of a side of ``LARGE``."""
    place = (pixels + 0.5) * CROP / LARGE - 0.5
    matrix = np.zeros((len(pixels), CROP), np.float64)
    first = np.floor(place).astype(np.int64) - 1
    for step in range(4):
        source = first + step
        far, a = np.abs(place - source), SHARPNESS
        near = ((a + 2) * far - (a + 3)) * far**2 + 1
        wide = a * (((far - 5) * far + 8) * far - 4)
        weight = np.where(far <= 1, near, np.where(far < 2, wide, 0.0))
        np.add.at(matrix, (np.arange(len(pixels)), source.clip(0, CROP - 1)), weight)
    return matrix.astype(np.float32)


def features(ops: Operations[T], picture: T, weights: Weights) -> dict[int, T]:
    """Means of parts of a ``picture [1, 150, 150, c]``: by stage ``[1, parts, parts, its]``."""
    found = {}
    for stage, out in enumerate(stages(ops, picture, weights)):
        part = ops.shape(out)[1] // POOLED[stage]
        found[stage] = ops.pool(out, part, part, mean=True) if part > 1 else out
    return found


def logits(ops: Operations[T], picture: T, weights: Weights, head: ExpressionHead) -> T:
    """What ``head`` says of a ``picture [1, 150, 150, c]``, ``[1, 1, 1, outputs]``; with as many
    channels as the stem of the ``weights`` is for."""
    known = features(ops, picture, weights)
    nothing = np.zeros_like(head.bias)
    (first, means), *others = known.items()
    x = ops.convolve(means, head.kernels[first], head.bias, stride=1, relu=False, pad=False)
    for place, (stage, means) in enumerate(others, 1):
        part = ops.convolve(means, head.kernels[stage], nothing, stride=1, relu=False, pad=False)
        x = ops.add(x, part, relu=place == len(others))
    last = head.last[:, None, None, :]
    return ops.convolve(x, last, head.last_bias, stride=1, relu=False, pad=False)
