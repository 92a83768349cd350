"""Optimizers by name."""

from __future__ import annotations

from typing import Any

from fer_batch.errors import UsageError

OPTIMIZERS = ("adam", "nadam", "adamw")


def make_optimizer(name: str, learning_rate: float, weight_decay: float, ema: float) -> Any:
    """The optimizer of that name; biases and normalisations are not decayed.

    ``ema`` above 0 keeps a running mean of the weights with that momentum beside them.
    """
    import keras

    if name not in OPTIMIZERS:
        raise UsageError(f"unknown optimizer {name!r}: there is {', '.join(OPTIMIZERS)}")
    extra: dict[str, Any] = {"use_ema": True, "ema_momentum": ema} if ema else {}
    if name in ("adamw"):
        extra["weight_decay"] = weight_decay
    kinds = {"adam": "Adam", "nadam": "Nadam", "adamw": "AdamW"}
    optimizer = getattr(keras.optimizers, kinds[name])(learning_rate=learning_rate, **extra)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer
