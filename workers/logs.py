"""What a worker says: text for people, or a JSON object a line for those who collect logs.

Lines that are written while a unit is done carry the unit's job, item, stage and key, whoever
writes them.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from celery import signals

from fer_batch.jobs.ledger.spec import Unit
from workers import json_output
from workers.process import WORKER_NAME
from workers.relay import utc

logger = logging.getLogger(__name__)
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
            "time": utc(record.created),
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
    if json_output.wanted():
        signals.setup_logging.connect(_set_up, weak=False)


def begin(loglevel: str) -> None:
    """Log from now on, where JSON is wanted: warnings and errors come before Celery begins."""
    if json_output.wanted():
        _set_up(loglevel)


def _set_up(loglevel: int | str | None = None, **_: Any) -> None:
    handler = WholeLines()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(loglevel or logging.INFO)
    # Python prints these line by line; a record is one line.
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


class WholeLines(logging.Handler):
    """Writes each record to stderr at once: another process must not write into the midst of it."""

    def emit(self, record: logging.LogRecord) -> None:
        """See ``logging.Handler``."""
        try:
            os.write(2, (self.format(record) + "\n").encode())
        except Exception:
            self.handleError(record)


def _uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    logger.critical("%s", error or kind.__name__, exc_info=(kind, error, trace))


def _uncaught_in_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        _uncaught(ended.exc_type, ended.exc_value, ended.exc_traceback)
