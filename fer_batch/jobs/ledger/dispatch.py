"""What the scripts answer: units to publish, and what became of a claim or a completion."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import NamedTuple

from fer_batch.errors import JobError
from fer_batch.jobs.ledger.spec import Unit

logger = logging.getLogger(__name__)


class Dispatch(NamedTuple):
    """A unit that the caller must publish; ``frames``: about how many it goes through."""

    unit: Unit
    queue: str
    priority: int
    frames: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """The answer to a claim: ok, busy (a live lease), other (needs another engine), anew (its item
    waited for that in vain and has other units now), gone (nothing to do), poison (given up)."""

    verdict: str
    detail: str
    dispatches: list[Dispatch]


@dataclass(frozen=True, slots=True)
class Completion:
    """``counted`` is False where the unit had been done before; ``ended`` is "", "item", "job"."""

    counted: bool
    ended: str
    dispatches: list[Dispatch]


def dispatches(reply: list[list[str]]) -> list[Dispatch]:
    """What a script hands out; what is no unit is passed over: others may write to Redis too."""
    found = []
    for job, key, queue, priority, frames in reply:
        try:
            found.append(Dispatch(Unit.parse(job, key), queue, int(priority), int(frames)))
        except (JobError, ValueError) as error:
            logger.warning("a message is not sent: %s", error)
    return found
