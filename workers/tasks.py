"""One task a stage, all alike: read the unit, have it done, say in the log what became of it.

Nothing is returned and nothing retried by Celery: the ledger knows results, attempts and retries.
"""

from __future__ import annotations

import logging
import time

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from fer_batch.errors import FerBatchError
from fer_batch.jobs.ledger.spec import TASKS, Unit
from workers import logs, metrics, traces
from workers.process import executor

logger = logging.getLogger(__name__)


def do(job: str, key: str) -> None:
    """Do one unit in this process."""
    try:
        unit = Unit.parse(str(job), str(key))
    except FerBatchError as error:
        logger.warning("message dropped: %s", error)
        return
    begin = time.monotonic()
    with logs.about(unit):
        does = executor(timeouts=(SoftTimeLimitExceeded,))
        verdict = does.run(unit)
        seconds = time.monotonic() - begin
        fields = {"outcome": verdict, "seconds": round(seconds, 3), "frames": does.frames}
        logger.info("%s %s: %s in %.3f s", unit.job, unit.key, verdict, seconds, extra=fields)
    metrics.count(unit.stage, verdict, seconds, does.frames)
    traces.record(unit, verdict, seconds, does.frames)


def register() -> None:
    """Register a task for each stage under the name that clients publish."""
    for name in TASKS.values():
        shared_task(do, name=name, ignore_result=True, acks_late=True)


register()
logs.install()
