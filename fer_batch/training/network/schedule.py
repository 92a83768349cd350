"""Learning rates as functions of the step, for trainings whose end is not known beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stable:
    """Warm-up, then constant, then a linear cooldown to nothing (warmup-stable-decay, Hu et al.,
    2024). The cooldown may be decided on late: resume with ``cooldown_start``."""

    peak: float
    warmup_steps: int
    cooldown_start: int | None = None
    cooldown_steps: int = 1

    def __call__(self, step: int) -> float:
        rate = self.peak * min(1.0, (step + 1) / max(self.warmup_steps, 1))
        if self.cooldown_start is not None and step >= self.cooldown_start:
            left = 1 - (step - self.cooldown_start) / max(self.cooldown_steps, 1)
            rate *= max(left, 0.0)
        return rate


@dataclass(frozen=True, slots=True)
class Clock:
    """A cooldown by the clock: linear from the moment ``began`` over ``seconds`` to nothing.

    For machines that are shared, where nobody knows how many epochs an hour holds. Such a training
    cannot be repeated step by step.
    """

    began: float
    seconds: float

    def __call__(self, now: float) -> float:
        """The share of the rate that is left at ``now``; times are ``time.monotonic()``."""
        return max(0.0, 1 - (now - self.began) / self.seconds)

    def room(self, now: float, seconds: float) -> bool:
        """Whether work that takes ``seconds`` is worth beginning: half of it still counts."""
        return self.began + self.seconds - now > seconds / 2


def follow(schedule: Stable, first_step: int, steps: int, clock: Clock | None = None) -> Any:
    """A Keras callback that sets the optimizer's rate before each of an epoch's ``steps``.

    JAX keeps the optimizer's state to itself for an epoch: there the rate is set once an epoch, to
    that of its middle.
    """
    import time

    import keras

    each_step = keras.backend.backend() != "jax"

    class Follow(keras.callbacks.Callback):  # type: ignore[misc]
        def _set(self, step: int) -> None:
            left = clock(time.monotonic()) if clock else 1.0
            self.model.optimizer.learning_rate = schedule(step) * left

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if not each_step:
                self._set(first_step + steps // 2)

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            if each_step:
                self._set(first_step + batch)

    return Follow()
