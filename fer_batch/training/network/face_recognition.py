"""The weights of dlib's face recognition network (King, 2017), for teachers to begin from.

Three million pictures have taught it what faces look like. The PyPI package
face-recognition-models brings the file (public domain, CC0); it is read where that is installed,
and nothing of it is in this repository.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.checksum import sha256_file
from fer_batch.errors import ModelFileError, UsageError
from fer_batch.faces.dlib_weights import FILE, PACKAGE, SHA256, read
from fer_batch.training.network.folding import fold, foldable
from fer_batch.training.network.start import begin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME = "face-recognition"
"""What ``--start-from`` calls it."""

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
