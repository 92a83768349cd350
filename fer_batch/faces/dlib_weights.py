"""The weights of dlib's face recognition network (King, 2017): its file, and ours, half its size.

Three million pictures have taught it what tells people apart. The file is in the public domain
(CC0) and lies in the PyPI package face-recognition-models. ``scripts/vendor_hook.py`` reads it when
fer-batch is built and keeps what ``compact`` makes of it: every number with 16 bits, in the order
in which the network is built. Needs numpy alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fer_batch.types import FloatArray

PACKAGE = "face-recognition-models"
FILE = "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"

COMPACT_FILE = "dlib_face_recognition.f16"
COMPACT_SHA256 = "6d5fd3e4c65db18c2642a1e5e970e668160652792b8bc535bf37320fea7ded4e"

STEM = 32
STAGES = ((32, 3), (64, 4), (128, 3), (256, 3), (256, 1))
"""Channels and blocks of each stage; all but the first begin by halving the size."""
LENGTH = 128
"""Numbers of an embedding."""


@dataclass(frozen=True, slots=True)
class Weights:
    """``convolutions``: kernels ``float32[out, height, width, in]`` and biases ``float32[out]``, in
    order from the input; ``last float32[128, 1, 1, 256]``: from channels to the embedding."""

    convolutions: list[tuple[FloatArray, FloatArray]]
    last: FloatArray


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
    """Our file of dlib's: kernels ``[out, height, width, in]`` and biases in turn, then the last
    layer ``[out, in]``; little-endian numbers of 16 bits and nothing else.

    Raises:
        ValueError: it is another network.
    """
    layers = [(k.transpose(3, 0, 1, 2), b) for k, b in read(content)]
    last = read_last(content).T.reshape(LENGTH, 1, 1, -1)
    parts = [part for layer in layers for part in layer] + [last]
    if [part.shape for part in parts] != _shapes():
        raise ValueError("is not dlib's network for faces")
    return np.concatenate([part.ravel() for part in parts]).astype("<f2").tobytes()


def expand(data: bytes) -> Weights:
    """What ``compact`` wrote.

    Raises:
        ValueError: there is more or less of it.
    """
    shapes = _shapes()
    sizes = [math.prod(shape) for shape in shapes]
    values = np.frombuffer(data, "<f2").astype(np.float32)
    if values.size != sum(sizes):
        raise ValueError("is not a compact file of dlib's network for faces")
    cut = np.split(values, np.cumsum(sizes)[:-1])
    parts = [part.reshape(shape) for part, shape in zip(cut, shapes, strict=True)]
    pairs = list(zip(parts[:-1:2], parts[1:-1:2], strict=True))
    return Weights(pairs, parts[-1])


def _shapes() -> list[tuple[int, ...]]:
    """Of all parts of a compact file, in order."""
    shapes: list[tuple[int, ...]] = [(STEM, 7, 7, 3), (STEM,)]
    inputs = STEM
    for channels, blocks in STAGES:
        for _ in range(2 * blocks):
            shapes += [(channels, 3, 3, inputs), (channels,)]
            inputs = channels
    return [*shapes, (LENGTH, 1, 1, inputs)]


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
