"""Runs a model with Keras 3 on whichever backend it is set to: the way onto GPUs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from fer_batch.emotion.backend import load_keras
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import in_batches
from fer_batch.errors import ModelFileError, UsageError
from fer_batch.version import library

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def has_gpu() -> bool:
    """Whether Keras' backend can use a GPU. Imports the backend, which takes seconds."""
    load_keras("a GPU")
    import keras

    try:
        return bool(keras.distribution.list_devices("gpu"))
    except (AttributeError, ImportError, NotImplementedError, RuntimeError):
        pass  # PyTorch lists no devices, JAX raises where there is none
    try:
        with keras.device("gpu:0"):
            keras.ops.zeros((1,))
    except Exception:  # each backend says in its own way that there is none
        return False
    return keras.backend.backend() == "torch"


def device_for(wanted: str) -> str:
    """Keras' name of the device that the settings mean. Imports the backend.

    Raises:
        UsageError: a GPU is wanted where there is none.
    """
    found = wanted != "cpu" and has_gpu()
    if wanted == "gpu" and not found:
        raise UsageError("--device gpu: no GPU that Keras' backend can use was found")
    return "gpu:0" if found else "cpu:0"


def build_on(device: str) -> str:
    """What Keras' numbers depend on beside weights: itself, its backend, and the device."""
    import keras

    backend = str(keras.backend.backend())
    below = f"{backend} {library(backend, f'{backend}-cpu')}"
    return f"keras {library('keras')} on {below}, {device.split(':')[0]}"


class KerasClassifier:
    """A ``Classifier`` over a ``.keras`` file; a lock makes it safe to share among threads."""

    runtime = "keras"
    concurrency = 1

    def __init__(self, card: ModelCard, batch_size: int, device: str = "auto") -> None:
        load_keras("a GPU or --runtime keras")
        import keras

        self.card, self.batch_size = card, batch_size
        self._device = device_for(device)
        path = card.file("keras")
        try:
            with keras.device(self._device):
                self._model: Any = keras.saving.load_model(path, compile=False, safe_mode=True)
        except (OSError, ValueError, TypeError) as error:
            raise ModelFileError(f"{path}: Keras cannot load it ({error})") from error
        # TensorFlow's own product of matrices may round a face by its place in the batch, where a
        # CPU has no AVX-512; XLA's does not.
        on_cpu = keras.backend.backend() == "tensorflow" and self._device.startswith("cpu")
        self._model.compile(jit_compile=on_cpu)
        self._lock = threading.Lock()

    @property
    def device(self) -> str:
        """Keras' name of the device that it runs on."""
        return self._device

    def network(self, dtype: str) -> Any:
        """The network as a Keras model for use within another one: ``uint8[n, s, s, 1]`` to
        probabilities. ``dtype``: a policy of Keras such as ``mixed_float16``; its last layer always
        has 32 bits."""
        import keras

        if dtype == "float32":
            return self._model

        def in_dtype(layer: Any) -> Any:
            config = layer.get_config()
            if not isinstance(layer, keras.layers.InputLayer) and layer is not last:
                config["dtype"] = dtype
            return layer.__class__.from_config(config)

        last = self._model.layers[-1]
        with keras.device(self._device):
            copy = keras.models.clone_model(self._model, clone_function=in_dtype)
            copy.set_weights(self._model.get_weights())
            return copy

    @property
    def build(self) -> str:
        """See ``build_on``."""
        return build_on(self._device)

    def _network(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        import keras
        import numpy as np

        with self._lock, keras.device(self._device):
            return np.asarray(self._model.predict_on_batch(batch), np.float32)

    def classify(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See ``Classifier.classify``."""
        card = self.card
        return in_batches(crops, card.input_size, len(card.labels), self.batch_size, self._network)
