"""Early stopping and halving of the learning rate where validation stops improving.

The same rules as Keras' EarlyStopping and ReduceLROnPlateau, as plain state that is stored with a
checkpoint, so that a resumed training goes on counting where it stopped.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class Plateau:
    """Watches one figure that should grow. The defaults are the reference's."""

    rate: float
    stop_patience: int = 11
    min_delta: float = 5e-5
    slow_patience: int = 7
    factor: float = 0.5
    min_rate: float = 1e-7
    best: float = float("-inf")
    stale: int = 0
    slow_best: float = float("-inf")
    slow_stale: int = 0

    def observe(self, value: float) -> bool:
        """Takes an epoch's figure; True where it is the best so far by more than ``min_delta``."""
        improved = value - self.min_delta > self.best
        self.best, self.stale = (value, 0) if improved else (self.best, self.stale + 1)
        if value > self.slow_best + 1e-4:
            self.slow_best, self.slow_stale = value, 0
        else:
            self.slow_stale += 1
            if self.slow_stale >= self.slow_patience:
                self.rate, self.slow_stale = max(self.rate * self.factor, self.min_rate), 0
        return improved

    @property
    def finished(self) -> bool:
        """No improvement for ``stop_patience`` epochs."""
        return self.stale >= self.stop_patience

    def to_json(self) -> dict[str, Any]:
        """As JSON knows no infinity, a figure that is not there yet is None."""
        data = asdict(self)
        return {k: None if v == float("-inf") else v for k, v in data.items()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Plateau:
        known: dict[str, Any] = {k: float("-inf") if v is None else v for k, v in data.items()}
        return cls(**known)
