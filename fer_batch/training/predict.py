"""What a network says of many images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 256


def predict(model: Any, images: NDArray[np.uint8]) -> Any:
    """The outputs of Keras' ``model`` for ``uint8[n, 48, 48]``: ``float32[n, labels]``, or a dict
    of them by head name.

    Not by ``model.predict``: on TensorFlow its end waits until a thread that tunes the feeding of
    data has slept enough, some 35 seconds for a second's work (seen with TensorFlow 2.21).
    """
    import keras
    import numpy as np

    # Keras cannot be asked about no images: about a blank one then, whose answer is left out.
    shown = images if len(images) else np.zeros((1, *images.shape[1:]), np.uint8)
    batches = [
        model.predict_on_batch(shown[first : first + BATCH, ..., None])
        for first in range(0, len(shown), BATCH)
    ]
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts)[: len(images)], *batches)
