"""dlib's network on Keras: the way onto GPUs."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_batch.faces.dlib_network import SIDE, Kernel, embed
from fer_batch.faces.dlib_weights import LENGTH, Weights
from fer_batch.faces.eight_bits import EightBits
from fer_batch.faces.expression_head import enlargement
from fer_batch.types import FloatArray, Image

BATCH = 32


class KerasRecogniser:
    """A ``Recogniser`` over whichever backend Keras is set to, 32 pictures at a time."""

    name = "dlib"
    runtime = "keras"

    def __init__(self, weights: Weights, sha256: str, device: str = "cpu:0") -> None:
        import keras

        self.sha256, self._device = sha256, device
        with keras.device(device):
            picture = keras.Input((SIDE, SIDE, 3), name="picture")
            self._model: Any = keras.Model(picture, embed(KerasLayers(), picture, weights))
        self._model.compile(jit_compile=False)

    def embed(self, chips: Image) -> FloatArray:
        """See ``Recogniser.embed``."""
        import keras

        found = np.empty((len(chips), LENGTH), np.float32)
        with keras.device(self._device):
            for start in range(0, len(chips), BATCH):
                some = chips[start : start + BATCH]
                # One shape always: another one would be compiled anew.
                whole = np.zeros((BATCH, SIDE, SIDE, 3), np.float32)
                whole[: len(some)] = some
                answer = np.asarray(self._model.predict_on_batch(whole), np.float32)
                found[start : start + len(some)] = answer.reshape(BATCH, LENGTH)[: len(some)]
        return found


class KerasLayers:
    """``Operations`` by Keras' layers."""

    def shape(self, tensor: Any) -> tuple[int, ...]:
        return (1, *tensor.shape[1:])

    def convolve(
        self, tensor: Any, weights: Kernel, bias: FloatArray, stride: int, relu: bool, pad: bool
    ) -> Any:
        import keras

        kernel = weights.whole() if isinstance(weights, EightBits) else weights
        layer = keras.layers.Conv2D(
            len(kernel),
            kernel.shape[1],
            strides=stride,
            padding="same" if pad else "valid",
            activation="relu" if relu else None,
        )
        result = layer(tensor)
        layer.set_weights([kernel.transpose(1, 2, 3, 0), bias])
        return result

    def pool(self, tensor: Any, size: int, stride: int, mean: bool) -> Any:
        import keras

        kind = keras.layers.AveragePooling2D if mean else keras.layers.MaxPooling2D
        return kind(size, stride)(tensor)

    def fill_up(self, tensor: Any, height: int, width: int, channels: int) -> Any:
        import keras

        _, rows, columns, old = tensor.shape
        if (rows, columns, old) == (height, width, channels):
            return tensor
        behind = [(0, 0), (0, height - rows), (0, width - columns), (0, channels - old)]
        return keras.ops.pad(tensor, behind)

    def add(self, first: Any, second: Any, relu: bool) -> Any:
        import keras

        total = keras.layers.Add()([first, second])
        return keras.layers.ReLU()(total) if relu else total


def enlarged_on_keras(grey: Any) -> Any:
    """``expression_head.enlarge`` of crops in a tensor ``uint8[n, 48, 48, 1]``, as the three
    channels that the network wants: ``float32[n, 150, 150, 3]``."""
    import keras

    rows, columns = enlargement()
    numbers = keras.ops.cast(grey[..., 0], "float32")
    wide = keras.ops.matmul(numbers, keras.ops.convert_to_tensor(columns.T))
    large = keras.ops.matmul(keras.ops.convert_to_tensor(rows), wide)
    return keras.ops.repeat(large[..., None], 3, axis=3)
