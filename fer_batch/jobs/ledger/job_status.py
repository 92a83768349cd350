"""A job and its inputs as `status` shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fer_batch.jobs.ledger.spec import FINAL_STATES, State


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """One item as `status` shows it. ``counted``: what ``frames_…`` are, "frames" or "photos"."""

    input: str
    name: str
    state: State
    stage: str
    frames_done: int
    frames_total: int
    frames_per_s: float | None
    eta_s: float | None
    warnings: tuple[str, ...] = ()
    error: str | None = None
    counted: str = "frames"

    def to_json(self) -> dict[str, Any]:
        """The shape that `status --json` promises."""
        return {
            "input": self.input,
            "state": self.state,
            "counted": self.counted,
            "frames_done": self.frames_done,
            "frames_total": self.frames_total,
            "frames_per_s": self.frames_per_s,
            "eta_s": self.eta_s,
            "warnings": list(self.warnings),
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class JobStatus:
    """One job as `status` shows it."""

    job_id: str
    name: str
    state: State
    priority: str
    created: float
    finished: float | None
    count: int
    unfinished: int
    error: str | None = None
    items: tuple[ItemStatus, ...] = field(default=())
    eta_s: float | None = None

    @property
    def final(self) -> bool:
        return self.state in FINAL_STATES

    def to_json(self) -> dict[str, Any]:
        """The shape that `status --json` promises."""
        return {
            "job_id": self.job_id,
            "name": self.name,
            "state": self.state,
            "eta_s": self.eta_s,
            "items": [item.to_json() for item in self.items],
        }
