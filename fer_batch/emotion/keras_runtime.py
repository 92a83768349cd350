"""Runs a model with Keras 3 on whichever backend it is set to: the way onto GPUs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import in_batches
from fer_batch.errors import ModelFileError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def gpus() -> int:
    """How many GPUs Keras' backend sees. Imports the backend, which takes seconds."""
    import keras

    return int(keras.distribution.get_device_count("gpu"))


def _device(wanted: str) -> str:
    if wanted == "gpu" and not gpus():
        raise UsageError("--device gpu: no GPU that Keras' backend can use was found")
    return "cpu:0" if wanted == "cpu" or not gpus() else "gpu:0"


class KerasClassifier:
    """A ``Classifier`` over a ``.keras`` file; a lock makes it safe to share among threads."""

    runtime = "keras"

    def __init__(self, card: ModelCard, batch_size: int, device: str = "auto") -> None:
        import keras

        self.card, self.batch_size = card, batch_size
        self._device = _device(device)
        path = card.file("keras")
        try:
            with keras.device(self._device):
                self._model: Any = keras.saving.load_model(path, compile=False, safe_mode=True)
        except (OSError, ValueError, TypeError) as error:
            raise ModelFileError(f"{path}: Keras cannot load it ({error})") from error
        self._model.compile(jit_compile=False)
        self._lock = threading.Lock()

    def _network(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        import keras
        import numpy as np

        with self._lock, keras.device(self._device):
            return np.asarray(self._model.predict_on_batch(batch), np.float32)

    def classify(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See ``Classifier.classify``."""
        card = self.card
        return in_batches(crops, card.input_size, len(card.labels), self.batch_size, self._network)
