"""The log of a job, as the scripts write it."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from fer_batch import door
from fer_batch.jobs.ledger.connection import broker_errors
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.names import PREFIX

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a job's log. ``item`` is -1 for the job as a whole."""

    time: float
    level: str
    item: int
    text: str


def read_log(ledger: Ledger, job: str) -> list[Event]:
    """The job's log, oldest first; only the newest few hundred lines are kept."""
    with broker_errors(ledger.where):
        lines = ledger.client.lrange(f"{PREFIX}log:{job}", 0, -1)
    return [event for line in lines if (event := event_of(line)) is not None]


def event_of(line: str) -> Event | None:
    """A line of the log, None where it is none: others may write to Redis too."""
    try:
        found = door.record(door.parse_json(line), "event")
        return Event(
            door.number(found.get("t"), "t"),
            door.text(found.get("level"), "level", 20),
            door.whole(found.get("item"), "item", -1),
            door.text(found.get("text"), "text", 10_000),
        )
    except ValueError as error:
        logger.warning("a line of the log is damaged: %s", error)
        return None
