"""Starts a training from models that were exported, where it would start from random weights.

An export has its normalisations folded into the convolutions (``training.folding``). Here they are
put back: each gets the moments that its convolution has on training images, and just the scale and
offset that undo them. The network then gives the exported model's numbers, and learns on as one
whose normalisations were never gone.

Folding also left kernels of any size behind, some so small that a few steps of an optimizer whose
steps have all one size (Adam) would turn them around and what they know would be gone. Since a
normalisation makes up for it, each kernel gets the size at which a training by AdamW is at rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fer_batch.emotion.card import ModelCard
from fer_batch.errors import UsageError
from fer_batch.training.data.targets import Head
from fer_batch.training.network.folding import foldable
from fer_batch.training.network.trunk import LAST, same_trunk, trunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


def start_from(
    cards: Sequence[ModelCard],
    model: Any,
    heads: Sequence[Head],
    batches: Sequence[NDArray[np.uint8]],
    size: float = 0.0,
) -> list[str]:
    """Give ``model`` the weights of exported ``cards``; returns the heads that got theirs too.

    The trunk is the first card's. A head takes its layer from the card of its labels, in whatever
    order, and stays random where there is none: so a training may also be for other labels.
    From ``batches`` of training images, ``uint8[n, 48, 48, 1]``, the normalisations get moments.
    ``size`` is the root mean square of each kernel (see ``resting_size``), 0 leaves it as it is.

    Raises:
        UsageError: another network than ``model``, or cards that do not share one trunk.
        ModelFileError: a card without weights for Keras, or with damaged ones.
    """
    import keras

    exported = [keras.saving.load_model(card.file("keras"), compile=False) for card in cards]
    names = {*foldable(model).values(), *(head.name for head in heads)}
    lower = [layer for layer in model.layers if layer.weights and layer.name not in names]
    for card, source in zip(cards, exported, strict=True):
        _check_network(card, source, model.name, lower)
        if not same_trunk(source, exported[0]):
            raise UsageError(
                f"--start-from {card.name}: its trunk is not that of {cards[0].name}; give models "
                "of one training"
            )
    begin(model, exported[0], batches, size)
    return [
        head.name
        for head in heads
        if any(_take_head(model, head, c, s) for c, s in zip(cards, exported, strict=True))
    ]


def resting_size(learning_rate: float, weight_decay: float | None) -> float:
    """The root mean square of a kernel's numbers where AdamW's decay takes away just what its
    steps, all about as long as the rate, add: the 'rotational equilibrium' of Kosson et al. (2024).
    A kernel of that size turns by the same angle in each step however long it has been trained.

    0 without a decay: there is no such rest.
    """
    return math.sqrt(learning_rate / (2 * weight_decay)) if weight_decay else 0.0


def begin(model: Any, source: Any, batches: Sequence[NDArray[np.uint8]], size: float = 0.0) -> None:
    """Give ``model`` the weights of ``source``, the same network with its normalisations folded
    away, wherever both have a layer of one name; the normalisations are put back.

    ``batches`` and ``size``: see ``start_from``.
    """
    norms = foldable(model)
    moments = _moments(source, list(norms), batches)
    known = {layer.name for layer in source.layers if layer.weights}
    for layer in model.layers:
        if layer.name not in known:
            continue
        weights = source.get_layer(layer.name).get_weights()
        if layer.name in norms:
            norm = model.get_layer(norms[layer.name])
            weights = _unfold(layer, norm, weights, *moments[layer.name], size)
        layer.set_weights(weights)


def _check_network(card: ModelCard, source: Any, arch: str, lower: Sequence[Any]) -> None:
    """The same layers, with kernels of the same shapes."""

    def shapes(layers: Sequence[Any]) -> dict[str, tuple[int, ...]]:
        return {layer.name: tuple(layer.weights[0].shape) for layer in layers}

    if shapes(trunk(source)) != shapes(lower):
        raise UsageError(f"--start-from {card.name}: not a network of --arch {arch}")


def _moments(
    source: Any, convolutions: Sequence[str], batches: Sequence[NDArray[np.uint8]]
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Mean and variance of each convolution's channels, ``float64[channels]``."""
    import keras
    import numpy as np

    if not convolutions:
        return {}
    probe = keras.Model(source.input, [source.get_layer(name).output for name in convolutions])
    sums: dict[str, list[Any]] = {name: [0, 0.0, 0.0] for name in convolutions}
    for batch in batches:
        for name, output in zip(convolutions, probe(batch, training=False), strict=True):
            values = keras.ops.convert_to_numpy(output).astype(np.float64)
            so_far = sums[name]
            so_far[0] += values[..., 0].size
            so_far[1] += values.sum(axis=(0, 1, 2))
            so_far[2] += np.square(values).sum(axis=(0, 1, 2))
    return {
        name: (total / count, np.maximum(squares / count - np.square(total / count), 0.0))
        for name, (count, total, squares) in sums.items()
    }


def _unfold(
    convolution: Any,
    norm: Any,
    folded: list[Any],
    mean: FloatArray,
    variance: FloatArray,
    size: float,
) -> list[Any]:
    """Sets ``norm`` so that it only adds the bias and undoes the kernels' new size; returns the
    weights of ``convolution``."""
    import numpy as np

    kernel, bias = folded
    scale = _scale_to(size, kernel) if size else np.ones_like(bias)
    moments = [(mean - bias) * scale, variance * np.square(scale)]
    norm.set_weights([np.sqrt(moments[1] + norm.epsilon) / scale, mean, *moments])
    return [kernel * scale, *(np.zeros_like(bias) for _ in convolution.weights[1:])]


def _scale_to(size: float, kernel: FloatArray) -> FloatArray:
    """What gives each of the kernels ``[height, width, in, out]`` that root mean square. One that
    is next to nothing beside the others is not blown up to their size."""
    import numpy as np

    sizes = np.sqrt(np.square(kernel).mean(axis=(0, 1, 2)))
    return size / np.maximum(sizes, 1e-3 * (sizes.max() or 1.0))


def _take_head(model: Any, head: Head, card: ModelCard, source: Any) -> bool:
    if set(head.labels) != set(card.labels):
        return False
    order = [card.labels.index(label) for label in head.labels]
    kernel, bias = source.get_layer(LAST).get_weights()
    model.get_layer(head.name).set_weights([kernel[:, order], bias[order]])
    return True
