"""The weights of dlib's face recognition network (King, 2017), for teachers to begin from.

Three million pictures have taught it what faces look like. The PyPI package
face-recognition-models brings the file (public domain, CC0); it is read where that is installed,
and nothing of it is in this repository.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.checksum import sha256_file
from fer_batch.errors import ModelFileError, UsageError
from fer_batch.training.network.folding import fold, foldable
from fer_batch.training.network.start import begin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]

NAME = "face-recognition"
"""What ``--start-from`` calls it."""

PACKAGE = "face-recognition-models"
FILE = "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"

SPREAD = 0.22
"""Deviation of a face's grey levels where the network wants 256 of them to be 1."""


def installed() -> Path:
    """The file of weights.

    Raises:
        UsageError: its package is not installed.
        ModelFileError: it holds something else.
    """
    try:
        path = Path(str(distribution(PACKAGE).locate_file(FILE)))
    except PackageNotFoundError:
        raise UsageError(f"--start-from {NAME}: needs `pip install {PACKAGE}`") from None
    if not path.is_file() or sha256_file(path) != SHA256:
        raise ModelFileError(f"{path}: is missing or damaged; install {PACKAGE} again")
    return path


def read(content: bytes) -> list[tuple[FloatArray, FloatArray]]:
    """Kernels ``[height, width, in, out]`` and biases ``[out]`` of all convolutions, from the input
    on, each with the scale and offset that follow it worked in.

    dlib stores a layer as its kind and version, then one tensor: a version, four sizes and numbers
    of 32 bits. A convolution's are kernels ``[out, in, height, width]`` and biases, those of
    'affine' a scale and an offset for each channel.
    """
    import numpy as np

    found: list[tuple[FloatArray, FloatArray]] = []
    kernels = np.zeros(0, np.float32)
    inputs = 3
    for kind, values in _tensors(content):
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


def _tensors(content: bytes) -> Iterator[tuple[bytes, FloatArray]]:
    import numpy as np

    place = 0
    pattern = re.compile(rb"(con)_4|(affine)_")
    while match := pattern.search(content, place):
        _version, place = _integer(content, match.end())
        count = 1
        for _ in range(4):
            size, place = _integer(content, place)
            count *= size
        yield match[1] or match[2], np.frombuffer(content, "<f4", count, place)
        place += 4 * count


def _integer(content: bytes, place: int) -> tuple[int, int]:
    """dlib's integers: a byte that tells how many follow (and the sign), the lowest first."""
    end = place + 1 + (content[place] & 0x0F)
    return int.from_bytes(content[place + 1 : end], "little"), end


def start_from_faces(model: Any, batches: Sequence[NDArray[np.uint8]], size: float = 0.0) -> None:
    """Give ``model`` (of ``--arch resnet-face``) dlib's weights; its heads stay random.

    ``batches`` and ``size``: see ``start.start_from``.

    Raises:
        UsageError: another network, or the weights are not installed.
    """
    import keras
    import numpy as np

    weights = read(installed().read_bytes())
    kernel, bias = weights[0]
    weights[0] = (kernel.sum(axis=2, keepdims=True) * SPREAD, bias)
    convolutions = list(foldable(model))
    shapes = [tuple(model.get_layer(name).kernel.shape) for name in convolutions]
    if shapes != [kernel.shape for kernel, _ in weights]:
        raise UsageError(f"--start-from {NAME}: only a network of --arch resnet-face can")
    source = fold(keras.Model(model.inputs[0], model.get_layer("pool").output))
    for name, pair in zip(convolutions, weights, strict=True):
        source.get_layer(name).set_weights(list(pair))
    for layer in source.layers:
        if layer.name.endswith("_short"):
            # Where channels grow, dlib fills the shortcut up with zeros.
            layer.set_weights([np.eye(*layer.kernel.shape[2:])[None, None]])
    begin(model, source, batches, size)
