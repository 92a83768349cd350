"""Checkpoints that survive a kill: numbers in an npz, where they belong in a JSON beside it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from fer_batch.errors import TrainingDataError

STATE = "state.json"


def write_atomically(path: Path, text: str) -> None:
    """``path`` holds either its old text or the new one, never a half."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _numbered(values: list[Any], prefix: str) -> dict[str, Any]:
    return {f"{prefix}{i:04d}": value for i, value in enumerate(values)}


def _of_prefix(stored: Any, prefix: str) -> list[Any]:
    return [stored[name] for name in sorted(stored.files) if name.startswith(prefix)]


def save(directory: Path, model: Any, state: dict[str, Any]) -> None:
    """Stores weights, optimizer and ``state``; only then removes the checkpoint before it."""
    import keras
    import numpy as np

    name = f"checkpoint-{state['epoch']:04d}.npz"
    temporary = directory / f".{name}.{os.getpid()}"
    numbers = {
        # ``variables`` rather than ``weights``: the state of dropout's random numbers is in it.
        **_numbered([keras.ops.convert_to_numpy(v) for v in model.variables], "model"),
        **_numbered(
            [keras.ops.convert_to_numpy(v) for v in model.optimizer.variables], "optimizer"
        ),
    }
    with temporary.open("wb") as file:
        np.savez(file, **numbers)
    temporary.replace(directory / name)
    write_atomically(directory / STATE, json.dumps({**state, "checkpoint": name}, indent=1))
    for old in directory.glob("checkpoint-*.npz"):
        if old.name != name:
            old.unlink()


def read_state(directory: Path) -> dict[str, Any]:
    """The JSON of the last complete checkpoint; empty where there is none."""
    path = directory / STATE
    if not path.exists():
        return {}
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TrainingDataError(f"{path}: damaged, cannot resume ({error})") from error
    return dict(state)


def restore(directory: Path, model: Any, state: dict[str, Any]) -> None:
    """Puts the stored numbers back into a freshly built and compiled model."""
    import numpy as np

    path = directory / str(state["checkpoint"])
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    try:
        with np.load(path, allow_pickle=False) as stored:
            values = [*_of_prefix(stored, "model"), *_of_prefix(stored, "optimizer")]
        if [tuple(v.shape) for v in variables] != [v.shape for v in values]:
            raise ValueError("other shapes")
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingDataError(
            f"{path}: does not fit this training ({error}); resume with the settings it was begun "
            "with"
        ) from error


def averaged_weights(model: Any) -> list[Any]:
    """The model's weights with each trained one replaced by its running mean, where one is kept."""
    import keras

    means = getattr(model.optimizer, "_model_variables_moving_average", None)
    if not means:
        return list(model.get_weights())
    by_path = {
        variable.path: keras.ops.convert_to_numpy(mean)
        for variable, mean in zip(model.trainable_variables, means, strict=True)
    }
    return [by_path.get(v.path, keras.ops.convert_to_numpy(v)) for v in model.weights]
