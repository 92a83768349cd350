"""Reads the weights of a TensorFlow.js graph model: a JSON list of names and shapes, and bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from fer_batch.errors import ModelFileError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KINDS = {"float32": "<f4", "float16": "<f2", "int32": "<i4"}


def read(path: Path) -> dict[str, NDArray[np.float32]]:
    """All weights of the graph model ``path`` (its ``.json``) by name, each in its shape.

    Its files of bytes lie beside it. Format: tensorflow/tfjs, ``weights_manifest``.

    Raises:
        ModelFileError: it is something else, or its bytes are too few or too many.
    """
    import numpy as np

    try:
        found: dict[str, NDArray[np.float32]] = {}
        for group in json.loads(path.read_bytes())["weightsManifest"]:
            raw = b"".join((path.parent / Path(name).name).read_bytes() for name in group["paths"])
            place = 0
            for entry in group["weights"]:
                kind = np.dtype(KINDS[entry.get("quantization", entry)["dtype"]])
                count = int(np.prod(entry["shape"], dtype=np.int64))
                values = np.frombuffer(raw, kind, count, place).reshape(entry["shape"])
                found[entry["name"]] = values.astype(np.float32)
                place += count * kind.itemsize
            if place != len(raw):
                raise ValueError(f"{len(raw)} bytes for {place}")
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{path}: not the weights of a TensorFlow.js model: {error}") from None
    return found
