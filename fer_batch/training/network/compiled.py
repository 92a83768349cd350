"""A network ready to train: weights, precision, optimizer, losses, and the layers that learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fer_batch.errors import UsageError
from fer_batch.training.network.architectures import build
from fer_batch.training.network.optimizers import make_optimizer

if TYPE_CHECKING:
    from fer_batch.training.settings import TrainSettings


def compiled(settings: TrainSettings) -> Any:
    """A fresh model with random weights from ``settings.seed``, ready to train."""
    import keras

    keras.utils.set_random_seed(settings.seed)
    keras.mixed_precision.set_global_policy(settings.precision)
    try:
        model = build(settings.arch, settings.heads)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    freeze(model, settings.frozen)
    names = [head.name for head in settings.heads]
    model.compile(
        optimizer=make_optimizer(
            settings.optimizer, settings.learning_rate, settings.weight_decay, settings.ema
        ),
        loss={n: keras.losses.CategoricalCrossentropy(from_logits=True, name=n) for n in names},
        loss_weights={head.name: head.weight for head in settings.heads},
        weighted_metrics={n: [keras.metrics.CategoricalAccuracy(name="accuracy")] for n in names},
        # On CPUs TensorFlow's own kernels beat XLA's by a quarter and more (measured); JAX has
        # nothing but XLA.
        jit_compile=keras.backend.backend() == "jax",
    )
    return model


def freeze(model: Any, beginnings: Sequence[str]) -> None:
    """Layers whose names begin so keep their weights, and their normalisations their moments:
    a network that starts from known weights learns quicker where only its upper part learns.

    Raises:
        UsageError: no layer's name begins so.
    """
    for beginning in beginnings:
        layers = [layer for layer in model.layers if layer.name.startswith(beginning)]
        if not layers:
            raise UsageError(f"--freeze {beginning}: {model.name} has no such layers")
        for layer in layers:
            layer.trainable = False
