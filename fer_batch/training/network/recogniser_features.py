"""Inner features of the network that recognises people, for a teacher that learns on them.

It comes with fer-batch, so a teacher on its features needs nothing more.
"""

from __future__ import annotations

from typing import Any

from fer_batch.faces.expression_head import CROP, features


def recogniser_features() -> Any:
    """A Keras model from ``uint8[n, 48, 48, 1]`` to features ``float32[n, 18976]``.

    Raises:
        ModelFileError: the weights are missing or damaged.
    """
    import keras

    from fer_batch.faces.dlib_keras import KerasLayers, enlarged_on_keras
    from fer_batch.faces.recogniser import recogniser_weights

    grey = keras.Input((CROP, CROP, 1), dtype="uint8", name="grey")
    picture = enlarged_on_keras(grey)
    means = features(KerasLayers(), picture, recogniser_weights()).values()
    flat = [keras.layers.Flatten()(mean) for mean in means]
    return keras.Model(grey, keras.layers.Concatenate(name="features")(flat), name="recogniser")
