"""YuNet's network on Keras 3, whichever its backend: many pictures at once, the way onto GPUs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fer_batch.errors import ModelFileError
from fer_batch.faces.onnx import read_graph
from fer_batch.faces.yunet_network import maps
from fer_batch.types import FloatArray

DTYPE = "float32"  # whatever Keras is set to


class KerasYuNet:
    """YuNet as one model, for any size of picture and number of them."""

    def __init__(self, weights: Path) -> None:
        """Read the weights.

        Raises:
            ModelFileError: the file holds another network.
        """
        import keras

        try:
            graph = read_graph(weights.read_bytes())
            picture = keras.Input((None, None, 3), dtype=DTYPE)
            before = keras.ops.pad(picture, [(0, 0), (1, 0), (1, 0), (0, 0)])
            self._model: Any = keras.Model(picture, maps(graph, _Layers(), before))
        except (OSError, ValueError) as error:
            raise ModelFileError(f"{weights}: is not a YuNet model ({error})") from error

    def maps(self, picture: Any) -> list[Any]:
        """The maps that ``candidates`` reads, of a Keras tensor ``float32[n, h, w, 3]``: BGR from 0
        to 255, sides multiples of 32."""
        return list(self._model(picture))


class _Layers:
    """``Operations`` by Keras' layers."""

    def convolve(
        self, tensor: Any, weights: FloatArray, bias: FloatArray, stride: int, relu: bool, pad: bool
    ) -> Any:
        import keras

        layer = keras.layers.Conv2D(
            len(weights),
            weights.shape[1],
            strides=stride,
            padding="same" if pad else "valid",
            activation="relu" if relu else None,
            dtype=DTYPE,
        )
        return _weighted(layer, tensor, weights, bias)

    def convolve_each(self, tensor: Any, weights: FloatArray, bias: FloatArray, relu: bool) -> Any:
        import keras

        activation = "relu" if relu else None
        layer = keras.layers.DepthwiseConv2D(
            weights.shape[1], padding="same", activation=activation, dtype=DTYPE
        )
        return _weighted(layer, tensor, weights, bias)

    def pool(self, tensor: Any, size: int) -> Any:
        import keras

        return keras.layers.MaxPooling2D(size, dtype=DTYPE)(tensor)

    def enlarge(self, tensor: Any, times: int) -> Any:
        import keras

        return keras.layers.UpSampling2D(times, interpolation="nearest", dtype=DTYPE)(tensor)

    def add(self, first: Any, second: Any) -> Any:
        import keras

        return keras.layers.Add(dtype=DTYPE)([first, second])


def _weighted(layer: Any, tensor: Any, weights: FloatArray, bias: FloatArray) -> Any:
    """What ``layer`` makes of ``tensor``, with these weights from now on."""
    result = layer(tensor)
    layer.set_weights([weights.transpose(1, 2, 3, 0), bias])
    return result
