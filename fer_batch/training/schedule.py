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


def follow(schedule: Stable, first_step: int, clock: Clock | None = None) -> Any:
    """A Keras callback that sets the optimizer's rate before each step."""
    import time

    import keras

    class Follow(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.step = first_step

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            left = clock(time.monotonic()) if clock else 1.0
            self.model.optimizer.learning_rate = schedule(self.step) * left
            self.step += 1

    return Follow()
