"""Folds batch normalisations into the convolutions before them: the same numbers, fewer layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def foldable(model: Any) -> dict[str, str]:
    """Names of convolutions without an activation, and of the one normalisation each feeds."""
    import keras

    pairs: dict[str, str] = {}
    for layer in model.layers:
        if not isinstance(layer, keras.layers.Conv2D) or layer.activation.__name__ != "linear":
            continue
        # Keras has no public name for who reads a layer's output.
        readers = [node.operation for node in layer._outbound_nodes]  # noqa: SLF001
        if len(readers) == 1 and isinstance(readers[0], keras.layers.BatchNormalization):
            pairs[layer.name] = readers[0].name
    return pairs


def _folded(convolution: Any, norm: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel and bias that give what the two layers give one after the other."""
    import numpy as np

    kernel, *rest = (np.asarray(w, np.float64) for w in convolution.get_weights())
    bias = rest[0] if rest else np.zeros(kernel.shape[-1])
    gamma, beta, mean, variance = (np.asarray(w, np.float64) for w in norm.get_weights())
    factor = gamma / np.sqrt(variance + norm.epsilon)
    return (kernel * factor).astype(np.float32), ((bias - mean) * factor + beta).astype(np.float32)


def fold(model: Any) -> Any:
    """A copy of a functional ``model`` without the normalisations (and dropouts) it can do without.

    Its outputs equal ``model``'s at inference up to rounding.
    """
    import keras

    pairs = foldable(model)
    dropped = set(pairs.values())

    def clone(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name in pairs:
            config["use_bias"] = True
        return type(layer).from_config(config)

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if layer.name in dropped or isinstance(layer, keras.layers.Dropout):
            return args[0]
        return layer(*args, **kwargs)

    copy = keras.models.clone_model(model, clone_function=clone, call_function=call)
    for layer in copy.layers:
        source = model.get_layer(layer.name)
        if layer.name in pairs:
            layer.set_weights(_folded(source, model.get_layer(pairs[layer.name])))
        elif source.weights:
            layer.set_weights(source.get_weights())
    return copy
