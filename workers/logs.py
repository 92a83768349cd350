"""What a worker says: text for people, or a JSON object a line for those who collect logs.

Lines that are written while a unit is done carry the unit's job, item, stage and key, whoever
writes them.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from celery import signals

from fer_batch.jobs.ledger.spec import Unit
from workers.process import WORKER_NAME

LOG_FORMAT = "FER_BATCH_LOG_FORMAT"
FORMATS = ("text", "json")
# Fields that a caller may add with ``extra``.
MORE = ("outcome", "seconds", "frames")
_unit: ContextVar[Unit | None] = ContextVar("unit", default=None)


@contextmanager
def about(unit: Unit) -> Iterator[None]:
    """Lines written in here, in this thread, are about ``unit``."""
    token = _unit.set(unit)
    try:
        yield
    finally:
        _unit.reset(token)


class JsonLines(logging.Formatter):
    """One JSON object a record: time (UTC), level, logger, message, process; ids of a unit."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        said: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "worker": os.environ.get(WORKER_NAME, ""),
            "process": record.process,
        }
        if (unit := _unit.get()) is not None:
            said |= {"job": unit.job, "item": unit.item, "stage": unit.stage, "unit": unit.key}
        said |= {name: getattr(record, name) for name in MORE if hasattr(record, name)}
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


def install() -> None:
    """Set up logs in Celery's place where JSON is wanted; called in every process of a worker."""
    if os.environ.get(LOG_FORMAT, "text") == "json":
        signals.setup_logging.connect(_set_up, weak=False)


def _set_up(loglevel: int | str | None = None, **_: Any) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(loglevel or logging.INFO)
