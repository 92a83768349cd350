"""Optimizers by name."""

from __future__ import annotations

from typing import Any

from fer_batch.errors import UsageError

OPTIMIZERS = ("adam", "nadam", "adamw")


def _keeping_its_weights(kind: Any) -> Any:
    """``kind`` without Keras' habit of ending each ``fit`` by putting the running means in place of
    the weights: an epoch is a ``fit`` here, and would begin from where the last one was on average.
    """

    class Keeping(kind):  # type: ignore[misc]
        def finalize_variable_values(self, var_list: Any) -> None:
            pass

    Keeping.__name__ = kind.__name__
    return Keeping


def make_optimizer(name: str, learning_rate: Any, weight_decay: float, ema: float) -> Any:
    """The optimizer of that name; biases and normalisations are not decayed. ``learning_rate``: a
    number, or a schedule of Keras.

    ``ema`` above 0 keeps a running mean of the weights with that momentum beside them.
    """
    import keras

    if name not in OPTIMIZERS:
        raise UsageError(f"unknown optimizer {name!r}: there is {', '.join(OPTIMIZERS)}")
    extra: dict[str, Any] = {"use_ema": True, "ema_momentum": ema} if ema else {}
    if name == "adamw":
        extra["weight_decay"] = weight_decay
    kinds = {"adam": "Adam", "nadam": "Nadam", "adamw": "AdamW"}
    kind = _keeping_its_weights(getattr(keras.optimizers, kinds[name]))
    optimizer = kind(learning_rate=learning_rate, **extra)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer
