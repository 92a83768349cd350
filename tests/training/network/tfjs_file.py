"""Writes weights as TensorFlow.js keeps them, so that the reader has something to read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WHOLE: Mapping[str, str] = {"<f4": "float32", "<i4": "int32", "<f2": "float16"}


def write(path: Path, weights: Mapping[str, NDArray[Any]]) -> None:
    """``path`` (.json) and beside it a ``.bin``; halves are told as quantised floats."""
    entries = []
    for name, values in weights.items():
        entry: dict[str, Any] = {"name": name, "shape": list(values.shape), "dtype": "float32"}
        kind = WHOLE[values.dtype.str]
        if kind == "float16":
            entry["quantization"] = {"dtype": kind, "original_dtype": "float32"}
        else:
            entry["dtype"] = kind
        entries.append(entry)
    raw = path.with_suffix(".bin")
    raw.write_bytes(b"".join(np.ascontiguousarray(v).tobytes() for v in weights.values()))
    manifest = [{"paths": [raw.name], "weights": entries}]
    path.write_text(json.dumps({"format": "graph-model", "weightsManifest": manifest}))
