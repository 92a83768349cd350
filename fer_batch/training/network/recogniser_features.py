"""Inner features of the network that recognises people, for a teacher that learns on them.

It learned who is who from some three million pictures (dlib's face recognition network; see
docs/identity.md) and comes with fer-batch, so a teacher on its features needs nothing more.
"""

from __future__ import annotations

from typing import Any

from fer_batch.training.data.faceset import SIZE

LARGE, DOWN = 151, 12
"""A training image as large as the recogniser wants faces, in pixels, and how far down its picture
begins there: this lays FER2013's mean landmarks on those of ``faces.chips.TEMPLATE``."""
POOLED = {1: 5, 2: 4, 3: 2, 4: 2}
"""Stages whose features are taken, as the means of so many by so many parts of the picture."""


def recogniser_features() -> Any:
    """A Keras model from ``uint8[n, 48, 48, 1]`` to features ``float32[n, 5696]``.

    Raises:
        ModelFileError: the weights are missing or damaged.
    """
    import keras
    from keras import layers

    from fer_batch.faces.dlib_keras import KerasLayers
    from fer_batch.faces.dlib_network import SIDE, stages
    from fer_batch.faces.recogniser import recogniser_weights

    grey = keras.Input((SIZE, SIZE, 1), dtype="uint8", name="grey")
    x = layers.Rescaling(1.0, name="numbers")(grey)
    x = layers.Resizing(LARGE, LARGE, interpolation="bicubic", name="enlarge")(x)
    x = x[:, DOWN:, :SIDE]
    missing = SIDE - x.shape[1]
    x = keras.ops.concatenate([x, keras.ops.repeat(x[:, -1:], missing, axis=1)], axis=1)
    x = keras.ops.repeat(x, 3, axis=3)
    pooled = []
    for stage, out in enumerate(stages(KerasLayers(), x, recogniser_weights())):
        if stage in POOLED:
            part = out.shape[1] // POOLED[stage]
            pooled.append(layers.Flatten()(layers.AveragePooling2D(part)(out)))
    return keras.Model(grey, layers.Concatenate(name="features")(pooled), name="recogniser")
