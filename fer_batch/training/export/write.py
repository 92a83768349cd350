"""Turns a trained network into the named models that are shipped: weights, runtimes and cards."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.checksum import sha256_file
from fer_batch.emotion.backend import load_keras
from fer_batch.emotion.card import ModelCard
from fer_batch.errors import ModelFileError
from fer_batch.own_python import own_python
from fer_batch.quiet_stderr import quiet_stderr
from fer_batch.training.data.targets import Head
from fer_batch.training.export.pool import Pool
from fer_batch.training.network.folding import fold
from fer_batch.training.network.trunk import LAST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip file knows: the date of all that bears none."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Files written for one model, by runtime."""

    files: dict[str, Path]

    def names(self) -> dict[str, str]:
        return {runtime: path.name for runtime, path in self.files.items()}

    def hashes(self) -> dict[str, str]:
        return {path.name: sha256_file(path) for path in self.files.values()}


def columns(head: Head, labels: tuple[str, ...]) -> list[int]:
    """Where ``labels`` stand among a head's outputs."""
    return [head.labels.index(label) for label in labels]


def pooled_layer(
    model: Any, heads: Mapping[str, Head], pool: Pool
) -> tuple[FloatArray, FloatArray]:
    """Kernel ``[features, labels]`` and bias ``[labels]`` of the dense layer that is the pool."""
    import numpy as np

    kernel: FloatArray = np.zeros(())
    bias: FloatArray = np.asarray(pool.shift, np.float64)
    for name, weight in pool.weights.items():
        place = columns(heads[name], pool.labels)
        head_kernel, head_bias = model.get_layer(name).get_weights()
        kernel = kernel + weight * np.asarray(head_kernel, np.float64)[:, place]
        bias = bias + weight * np.asarray(head_bias, np.float64)[place]
    return kernel, bias


def deployable(model: Any, heads: Mapping[str, Head], pool: Pool, name: str) -> Any:
    """A model from ``uint8[n, 48, 48, 1]`` to calibrated probabilities, made for inference only.

    Normalisations are folded away; weights are rounded to float16, so that every file holds the
    same ones.
    """
    import keras
    import numpy as np

    folded = fold(model)
    features = folded.get_layer(next(iter(pool.weights))).input
    kernel, bias = pooled_layer(model, heads, pool)
    dense = keras.layers.Dense(len(pool.labels), name=LAST)
    result = keras.Model(
        folded.inputs[0],
        keras.layers.Softmax(name="probabilities")(dense(features)),
        name=name.replace("-", "_"),
    )
    dense.set_weights([kernel.astype(np.float32), bias.astype(np.float32)])
    result.set_weights([np.float32(np.float16(w)) for w in result.get_weights()])
    return result


def save_keras(model: Any, path: Path) -> None:
    """A ``.keras`` file, compressed: float16 values in float32 pack to little over half.

    The same network with the same weights gives the same bytes, and so the same hash.
    """
    raw = path.with_name(f"{path.stem}.raw.keras")
    model.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            info = zipfile.ZipInfo(entry.filename, EARLIEST)
            info.compress_type = zipfile.ZIP_DEFLATED
            content = source.read(entry)
            if entry.filename.endswith(".json"):
                content = _without_chance(content.decode()).encode()
            target.writestr(info, content, compresslevel=9)
    raw.unlink()


def _without_chance(text: str) -> str:
    """Keras' description of a model, with neither the time nor the addresses in memory by which it
    tells what is shared: these are counted instead."""
    numbers: dict[str, int] = {}
    text = re.sub(r'("date_saved": ")[^"]*', rf"\g<1>{datetime(*EARLIEST):%Y-%m-%d@%H:%M:%S}", text)
    return re.sub(
        r'(?<="shared_object_id": )\d+',
        lambda found: str(numbers.setdefault(found[0], len(numbers))),
        text,
    )


def save_litert(keras_file: Path, path: Path, weights: str = "float16") -> bool:
    """Converts a ``.keras`` file; False where TensorFlow, which alone can, is not installed.

    ``weights`` "int8" quantises them and, while running, each image's activations.

    In a process of its own where the backend of this one is another.
    """
    import keras

    if keras.backend.backend() == "tensorflow":
        _convert(keras_file, path, weights)
        return True
    files = [str(keras_file), str(path)]
    command = own_python("-m", "fer_batch.training.export.write", *files, weights)
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode and "NotInstalledError" in done.stderr:
        return False
    if done.returncode or not path.exists():
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ModelFileError(f"{keras_file}: cannot be converted to LiteRT ({last})")
    return True


def _convert(keras_file: Path, path: Path, weights: str) -> None:
    load_keras()
    import keras
    import tensorflow as tf

    model = keras.saving.load_model(keras_file, compile=False)
    with quiet_stderr():
        model.export(
            path,
            format="litert",
            verbose=False,
            optimizations=[tf.lite.Optimize.DEFAULT],
            target_spec={"supported_types": [tf.float16] if weights == "float16" else []},
        )


def export(model: Any, heads: Mapping[str, Head], pool: Pool, name: str, out: Path) -> Exported:
    """Writes ``<name>.keras`` and, where it can be made, ``<name>.tflite`` into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    files = {"keras": out / f"{name}.keras"}
    save_keras(deployable(model, heads, pool, name), files["keras"])
    lite = out / f"{name}.tflite"
    if save_litert(files["keras"], lite):
        files = {"litert": lite, **files}
    return Exported(files)


def write_card(exported: Exported, card: ModelCard, out: Path) -> ModelCard:
    """Completes ``card`` with files and hashes, and writes it."""
    path = out / f"{card.name}.json"
    full = replace(card, files=exported.names(), sha256=exported.hashes(), path=path)
    full.write(path)
    return full


if __name__ == "__main__":
    _convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
