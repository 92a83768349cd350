"""YuNet's network on Keras 3, whichever its backend: many pictures at once, the way onto GPUs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fer_batch.errors import ModelFileError
from fer_batch.faces.onnx import Graph, read_graph
from fer_batch.faces.yunet_network import TIMES, maps
from fer_batch.types import FloatArray

DTYPE = "float32"  # whatever Keras is set to


class KerasYuNet:
    """YuNet's layers, made once, for any size of picture and number of them."""

    def __init__(self, weights: Path) -> None:
        """Read the weights.

        Raises:
            ModelFileError: the file holds another network.
        """
        import keras

        self._layers = _Layers()
        try:
            self._graph: Graph = read_graph(weights.read_bytes())
            self.maps(keras.Input((TIMES, TIMES, 3), batch_size=1))  # makes the layers
        except (OSError, ValueError) as error:
            raise ModelFileError(f"{weights}: is not a YuNet model ({error})") from error

    def maps(self, picture: Any) -> list[Any]:
        """The maps that ``candidates`` reads, of a Keras tensor ``float32[n, h, w, 3]``: BGR from 0
        to 255, sides multiples of 32."""
        import keras

        before = keras.ops.pad(picture, [(0, 0), (1, 0), (1, 0), (0, 0)])
        self._layers.begin()
        return maps(self._graph, self._layers, before)


class _Layers:
    """``Operations`` by Keras' layers. Asked again in the same order, it takes the same layers, so
    that models of other sizes share the weights."""

    def __init__(self) -> None:
        self._made: list[Any] = []
        self._next = 0

    def begin(self) -> None:
        """The network comes from its beginning."""
        self._next = 0

    def convolve(
        self, tensor: Any, weights: FloatArray, bias: FloatArray, stride: int, relu: bool, pad: bool
    ) -> Any:
        import keras

        def make() -> Any:
            return keras.layers.Conv2D(
                len(weights),
                weights.shape[1],
                strides=stride,
                padding="same" if pad else "valid",
                activation="relu" if relu else None,
                dtype=DTYPE,
            )

        return self._apply(make, tensor, weights.transpose(1, 2, 3, 0), bias)

    def convolve_each(self, tensor: Any, weights: FloatArray, bias: FloatArray, relu: bool) -> Any:
        import keras

        def make() -> Any:
            activation = "relu" if relu else None
            return keras.layers.DepthwiseConv2D(
                weights.shape[1], padding="same", activation=activation, dtype=DTYPE
            )

        return self._apply(make, tensor, weights.transpose(1, 2, 3, 0), bias)

    def pool(self, tensor: Any, size: int) -> Any:
        import keras

        return keras.layers.MaxPooling2D(size, dtype=DTYPE)(tensor)

    def enlarge(self, tensor: Any, times: int) -> Any:
        import keras

        return keras.layers.UpSampling2D(times, interpolation="nearest", dtype=DTYPE)(tensor)

    def add(self, first: Any, second: Any) -> Any:
        import keras

        return keras.layers.Add(dtype=DTYPE)([first, second])

    def _apply(self, make: Any, tensor: Any, weights: FloatArray, bias: FloatArray) -> Any:
        if self._next == len(self._made):
            layer = make()
            result = layer(tensor)
            layer.set_weights([weights, bias])
            self._made.append(layer)
        else:
            result = self._made[self._next](tensor)
        self._next += 1
        return result
