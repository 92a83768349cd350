"""The weights of dlib's face recognition network (King, 2017): its file, and ours, a quarter of it.

Three million pictures have taught it what tells people apart. The file is in the public domain
(CC0) and lies in the PyPI package face-recognition-models. ``scripts/vendor_hook.py`` reads it when
fer-batch is built and keeps what ``compact`` makes of it: kernels with 8 bits a number, of which
LiteRT takes a fifth of the time; docs/identity.md says what that changes. Needs numpy alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from fer_batch.faces.eight_bits import EightBits, eight_bits
from fer_batch.types import FloatArray

PACKAGE = "face-recognition-models"
FILE = "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"

COMPACT_FILE = "dlib_face_recognition.i8"
COMPACT_SHA256 = "e31f1ea6c30218ab7f7f63eae57232f507df15b688e9dfb7137e2c7107772b32"

STEM = 32
STAGES = ((32, 3), (64, 4), (128, 3), (256, 3), (256, 1))
"""Channels and blocks of each stage; all but the first begin by halving the size."""
LENGTH = 128
"""Numbers of an embedding."""
STEM_SHAPE, LAST = (STEM, 7, 7, 3), (LENGTH, 1, 1, STAGES[-1][0])


MEAN_RGB = np.array([122.782, 117.001, 104.298], np.float32)
SPREAD = np.float32(256)
"""What dlib takes from a picture's levels, and divides them by. Worked into our file's stem."""


@dataclass(frozen=True, slots=True)
class Weights:
    """``stem``: kernel ``float32[32, 7, 7, 3]`` and bias, for pictures with levels 0 to 255;
    ``convolutions``: kernels ``[out, 3, 3, in]`` and biases ``float32[out]``, in order from the
    stem; ``last float32[128, 1, 1, 256]``: from channels to the embedding."""

    stem: tuple[FloatArray, FloatArray]
    convolutions: list[tuple[EightBits, FloatArray]]
    last: FloatArray

    def grey(self) -> Weights:
        """The same for grey pictures of one channel: what the three of them would add up to."""
        kernel, bias = self.stem
        summed = kernel.sum(axis=3, keepdims=True, dtype=np.float64)
        return replace(self, stem=(summed.astype(np.float32), bias))


def read(content: bytes) -> list[tuple[FloatArray, FloatArray]]:
    """Kernels ``[height, width, in, out]`` and biases ``[out]`` of all convolutions, from the input
    on, each with the scale and offset that follow it worked in.

    dlib stores a layer as its kind and version, then one tensor: a version, four sizes and numbers
    of 32 bits. A convolution's are kernels ``[out, in, height, width]`` and biases, those of
    'affine' a scale and an offset for each channel.
    """
    found: list[tuple[FloatArray, FloatArray]] = []
    kernels = np.zeros(0, np.float32)
    inputs = 3
    for kind, values, _ in _tensors(content):
        if kind == b"con":
            kernels = values
            continue
        scale, offset = np.split(values, 2)
        size = math.isqrt((kernels.size // scale.size - 1) // inputs)
        kernel = kernels[: -scale.size].reshape(scale.size, inputs, size, size)
        bias = kernels[-scale.size :]
        found.append((kernel.transpose(2, 3, 1, 0) * scale, bias * scale + offset))
        inputs = scale.size
    return found


def read_last(content: bytes) -> FloatArray:
    """The last layer, ``float32[in, out]``, which follows all convolutions and has no bias.

    Raises:
        ValueError: there is none.
    """
    end = max((end for _, _, end in _tensors(content)), default=0)
    place = content.find(b"fc_2", end)
    if place < 0:
        raise ValueError("has no last layer")
    outputs, place = _integer(content, place + 4)
    inputs, place = _integer(content, place)
    values, _ = _tensor(content, place)
    return values.reshape(inputs, outputs)


def compact(content: bytes) -> bytes:
    """Our file of dlib's: 8 bits for each number of the kernels ``[out, height, width, in]`` but
    the stem's, then ``float32``, little-endian: the stem's kernel and bias, of each other
    convolution the scales and the bias, the last layer ``[out, in]``; nothing else.

    Raises:
        ValueError: it is another network.
    """
    (kernel, bias), *others = ((k.transpose(3, 0, 1, 2), b) for k, b in read(content))
    last = read_last(content).T.reshape(LENGTH, 1, 1, -1)
    if [kernel.shape, *(k.shape for k, _ in others), last.shape] != [STEM_SHAPE, *_shapes(), LAST]:
        raise ValueError("is not dlib's network for faces")
    kernel = kernel / SPREAD
    stem = [kernel, bias - (kernel * MEAN_RGB).sum(axis=(1, 2, 3), dtype=np.float64)]
    small = [eight_bits(k) for k, _ in others]
    rest = [part for k, (_, b) in zip(small, others, strict=True) for part in (k.scale, b)]
    numbers = np.concatenate([part.ravel() for part in (*stem, *rest, last)])
    return b"".join(k.values.tobytes() for k in small) + numbers.astype("<f4").tobytes()


def expand(data: bytes) -> Weights:
    """What ``compact`` wrote.

    Raises:
        ValueError: there is more or less of it.
    """
    shapes = _shapes()
    sizes = [math.prod(shape) for shape in shapes]
    channels = [shape[0] for shape in shapes]
    others = [math.prod(STEM_SHAPE), STEM, *(n for n in channels for _ in range(2))]
    kernels = sum(sizes)
    if len(data) != kernels + 4 * (sum(others) + math.prod(LAST)):
        raise ValueError("is not a compact file of dlib's network for faces")
    values = np.split(np.frombuffer(data, np.int8, kernels), np.cumsum(sizes)[:-1])
    stem, bias, *rest, last = np.split(np.frombuffer(data[kernels:], "<f4"), np.cumsum(others))
    parts = zip(values, shapes, rest[::2], rest[1::2], strict=True)
    return Weights(
        (stem.reshape(STEM_SHAPE), bias),
        [(EightBits(v.reshape(shape), scale), b) for v, shape, scale, b in parts],
        last.reshape(LAST),
    )


def _shapes() -> list[tuple[int, ...]]:
    """Of all kernels between the stem and the last layer, in order."""
    shapes: list[tuple[int, ...]] = []
    inputs = STEM
    for channels, blocks in STAGES:
        for _ in range(2 * blocks):
            shapes.append((channels, 3, 3, inputs))
            inputs = channels
    return shapes


def _tensors(content: bytes) -> Iterator[tuple[bytes, FloatArray, int]]:
    """Kind, numbers and end of each layer of a convolution or an 'affine'."""
    place = 0
    pattern = re.compile(rb"(con)_4|(affine)_")
    while match := pattern.search(content, place):
        values, place = _tensor(content, match.end())
        yield match[1] or match[2], values, place


def _tensor(content: bytes, place: int) -> tuple[FloatArray, int]:
    _version, place = _integer(content, place)
    count = 1
    for _ in range(4):
        size, place = _integer(content, place)
        count *= size
    return np.frombuffer(content, "<f4", count, place), place + 4 * count


def _integer(content: bytes, place: int) -> tuple[int, int]:
    """dlib's integers: a byte that tells how many follow (and the sign), the lowest first."""
    end = place + 1 + (content[place] & 0x0F)
    return int.from_bytes(content[place + 1 : end], "little"), end
