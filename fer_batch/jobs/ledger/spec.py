"""The words of the queue: stages, queues, states, priorities, ids and units.

A job is a list of items (inputs). An item goes through its stages one after the other; `analyze`
and `render` are cut into one unit a segment. A unit is what one task does:

    probe ─ analyze × n ─ assemble ─ render × m ─ finish        per item, then   index   per job

Where a job's inputs are related to each other, all wait after `assemble` for the job's `relate`.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Literal

from fer_batch.errors import JobError, UsageError

Stage = Literal["probe", "analyze", "assemble", "relate", "render", "finish", "index"]
Queue = Literal["analyze", "render", "control"]
State = Literal["queued", "running", "done", "failed", "cancelled"]
Priority = Literal["low", "normal", "high"]

STAGES: tuple[Stage, ...] = (
    "probe",
    "analyze",
    "assemble",
    "relate",
    "render",
    "finish",
    "index",
)
QUEUES: tuple[Queue, ...] = ("control", "render", "analyze")
STATES: tuple[State, ...] = ("queued", "running", "done", "failed", "cancelled")
FINAL_STATES: tuple[State, ...] = ("done", "failed", "cancelled")
# The numbers of Redis lists: kombu polls 0 first.
PRIORITIES: dict[str, int] = {"high": 0, "normal": 3, "low": 6}
PRIORITY_STEPS = (0, 3, 6, 9)

TASKS: dict[Stage, str] = {stage: f"fer_batch.{stage}" for stage in STAGES}
QUEUE_OF: dict[Stage, Queue] = {
    "probe": "control",
    "analyze": "analyze",
    "assemble": "control",
    "relate": "control",
    "render": "render",
    "finish": "control",
    "index": "control",
}

JOB_ID = re.compile(r"[a-z2-7]{20}")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def new_job_id() -> str:
    """An id that cannot be guessed: 100 random bits, safe in paths and URLs."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))


def check_job_id(text: str) -> str:
    """Return ``text`` if it has the form of a job id.

    Raises:
        JobError: it has not, so it must not become part of a path.
    """
    if not JOB_ID.fullmatch(text):
        raise JobError(f"{text[:60]!r} is not a job id; `fer-batch jobs` lists them")
    return text


@dataclass(frozen=True, slots=True)
class Unit:
    """What one task does. ``item`` is -1 for the job's own `relate` and `index`."""

    job: str
    item: int
    stage: Stage
    index: int = 0

    @property
    def key(self) -> str:
        """``item/stage/index``, as the ledger names it within a job."""
        return f"{self.item}/{self.stage}/{self.index}"

    @classmethod
    def parse(cls, job: str, key: str) -> Unit:
        """Read ``key`` back.

        Raises:
            JobError: not the name of a unit.
        """
        found = re.fullmatch(r"(-?\d{1,9})/([a-z]+)/(\d{1,9})", key)
        if not found or found[2] not in TASKS:
            raise JobError(f"{key[:60]!r} is not a unit of work")
        stage: Stage = found[2]  # type: ignore[assignment]
        return cls(check_job_id(job), int(found[1]), stage, int(found[3]))

    @property
    def queue(self) -> Queue:
        return QUEUE_OF[self.stage]


def served_queues(text: str) -> tuple[Queue, ...]:
    """The queues that ``--queues`` names, in the order in which a worker asks them: what is nearest
    to its end comes first, so that results appear early and little lies about.

    Raises:
        UsageError: one of them is unknown, or there is none.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UsageError(f"--queues: no queue given; choose from {', '.join(QUEUES)}")
    if unknown := [name for name in names if name not in QUEUES]:
        raise UsageError(f"--queues: unknown queue {unknown[0]!r}; choose from {', '.join(QUEUES)}")
    return tuple(name for name in QUEUES if name in names)
