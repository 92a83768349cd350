"""fer-batch: batch annotation of facial expressions in video.

from fer_batch import analyze
timeline = analyze("interview.mp4")
timeline.to_pandas()
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from fer_batch.config import MOST_PHOTO_PIXELS

if TYPE_CHECKING:
    from fer_batch.errors import FerBatchError
    from fer_batch.jobs.item.library import analyze
    from fer_batch.types import Timeline

__all__ = ["FerBatchError", "Timeline", "analyze"]

# OpenCV reads it when it is loaded, and refuses pictures that are larger than their header says.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MOST_PHOTO_PIXELS))

_HOMES = {
    "FerBatchError": "fer_batch.errors",
    "Timeline": "fer_batch.types",
    "analyze": "fer_batch.jobs.item.library",
}


def __getattr__(name: str) -> Any:
    # Names are loaded when asked for: `fer-batch --help` must not wait for numpy.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
