"""Loading Keras and the backend it is set to."""

from __future__ import annotations

import os
import sys

from fer_batch.quiet_stderr import quiet_stderr


def load_keras() -> None:
    """Import Keras and its backend, which takes seconds, without what TensorFlow tells of itself.

    Its warnings stay, those about a GPU that cannot be used among them.
    """
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    with quiet_stderr():
        import keras  # noqa: F401
