"""Loading Keras and the backend it is set to: the one place that knows they may be missing."""

from __future__ import annotations

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from fer_batch.errors import NotInstalledError
from fer_batch.quiet_stderr import quiet_stderr


def require_keras(what: str, *also: str) -> None:
    """Say at once, without loading anything, that ``what`` needs Keras, a backend for it, or
    modules that come with the same extras.

    Raises:
        NotInstalledError: one of them is not installed.
    """
    backend = _backend()
    if backend != "tensorflow" and find_spec("keras") and not find_spec(backend):
        raise NotInstalledError(
            f"{what} needs {backend}, the backend that Keras is set to (KERAS_BACKEND): "
            f"pip install {backend}"
        )
    missing = [name for name in ("keras", backend, *also) if find_spec(name) is None]
    if missing:
        raise NotInstalledError(
            f"{what} needs {' and '.join(missing)}, not installed here: "
            "pip install 'fer-batch[train]', or 'fer-batch[gpu]' for an NVIDIA GPU"
        )


def _backend() -> str:
    """The module that Keras will load as its backend; it looks in the same two places."""
    if backend := os.environ.get("KERAS_BACKEND", ""):
        return backend
    folder = Path(os.environ.get("KERAS_HOME", "") or Path("~/.keras").expanduser())
    try:
        found = json.loads((folder / "keras.json").read_text("utf-8")).get("backend")
    except (OSError, ValueError, AttributeError):
        found = None
    return str(found or "tensorflow")


def load_keras(what: str = "this") -> None:
    """Import Keras and its backend, which takes seconds, without what TensorFlow tells of itself.

    Its warnings stay, those about a GPU that cannot be used among them. ``what`` needs it.

    Raises:
        NotInstalledError: Keras or its backend is not installed.
    """
    if "keras" in sys.modules:
        return
    require_keras(what)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    with quiet_stderr():
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            # Asked for here, where it can be kept quiet: without a driver it complains of that.
            tf.config.list_physical_devices("GPU")
