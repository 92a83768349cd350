"""The sweep: hands out again what was lost, rebuilds an emptied ledger, forgets old jobs.

Runs in every worker's parent process and whenever a client looks; a short lock in Redis keeps it
from running more often than every few seconds altogether.
"""

from __future__ import annotations

import logging
import time

from fer_batch.errors import FerBatchError
from fer_batch.jobs import facts, keys
from fer_batch.jobs.broker import Publish
from fer_batch.jobs.connection import broker_errors
from fer_batch.jobs.ledger import PREFIX, Ledger
from fer_batch.jobs.storage import Storage

logger = logging.getLogger(__name__)
RETENTION_EVERY_S = 600.0


def sweep(ledger: Ledger, storage: Storage, publish: Publish) -> int:
    """Sweep once, unless somebody just did; returns how many units were published.

    Raises:
        BrokerError, StorageError: one of them does not answer; nothing is lost by that.
    """
    settings = ledger.settings
    if not ledger.acquire("sweep", settings.sweep_s * 0.9):
        return 0
    count = 0
    if ledger.emptied():
        handouts = facts.rebuild_all(ledger, storage, settings.window)
        publish(handouts)
        count += len(handouts)
    handouts = ledger.sweep()
    if handouts:
        logger.info("sweep: %d units handed out again", len(handouts))
    publish(handouts)
    if settings.retention_days and ledger.acquire("retention", RETENTION_EVERY_S):
        forget_old(ledger, storage, settings.retention_days * 86400)
    return count + len(handouts)


def forget_old(ledger: Ledger, storage: Storage, seconds: float) -> list[str]:
    """Remove jobs that ended more than ``seconds`` ago, and uploads that no job names."""
    removed = []
    with broker_errors(ledger.where):
        names = ledger.client.zrangebyscore(PREFIX + "jobs", "-inf", time.time() - seconds)
    for job in names:
        with broker_errors(ledger.where):
            finished = ledger.client.hget(f"{PREFIX}job:{job}", "finished")
        if finished and float(finished) < time.time() - seconds:
            remove(ledger, storage, job)
            removed.append(job)
    return removed


def remove(ledger: Ledger, storage: Storage, job: str) -> bool:
    """Forget a job and delete its results, and its uploads unless another job names them."""
    inputs = _inputs_of(storage, job)
    known = ledger.remove(job)
    known |= bool(storage.names(keys.job(job)))
    storage.delete(keys.job(job))
    if inputs:
        others: set[str] = set()
        for other in storage.names("jobs"):
            if other != job:
                others |= _inputs_of(storage, other)
        for key in inputs - others:
            storage.delete(key)
    return known


def _inputs_of(storage: Storage, job: str) -> set[str]:
    try:
        manifest = facts.read_manifest(storage, job)
    except FerBatchError:
        return set()
    return {file.key for item in manifest.items for file in item.files}
