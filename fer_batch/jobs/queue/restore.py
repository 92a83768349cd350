"""Making an emptied ledger whole again from storage, by one process at a time, to the end.

The mark that the ledger is whole is set when every job is back, never before: until then everybody
who looks sees that it is not. Who rebuilds holds a lock that ends by itself; where it dies, the
next one goes on with the jobs that are still missing. A job that cannot be read is set aside, by
name and reason, and stops no other.
"""

from __future__ import annotations

import logging
import time

from fer_batch.errors import DamagedError, JobError, StorageError
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.queue import facts
from fer_batch.jobs.queue.broker import Publish
from fer_batch.jobs.store import records
from fer_batch.jobs.store.storage import Storage

logger = logging.getLogger(__name__)
HOLD_S = 30.0  # a rebuilder that is silent for so long is taken for dead
RENEW_EVERY_S = 5.0
LOOK_EVERY_S = 0.2


def make_whole(ledger: Ledger, storage: Storage, publish: Publish) -> int:
    """Rebuild an emptied ledger, or wait for whoever is at it; returns how many jobs this process
    has put back, 0 where there was nothing to do.

    Raises:
        BrokerError, StorageError: one of them does not answer; whoever looks next goes on.
    """
    while ledger.emptied():
        if ledger.acquire("rebuild", HOLD_S):
            return rebuild_all(ledger, storage, publish)
        time.sleep(LOOK_EVERY_S)
    return 0


def rebuild_if_free(ledger: Ledger, storage: Storage, publish: Publish) -> int:
    """As ``make_whole``, but does not wait where another process is at it."""
    if ledger.emptied() and ledger.acquire("rebuild", HOLD_S):
        return rebuild_all(ledger, storage, publish)
    return 0


def begin_if_first(ledger: Ledger, storage: Storage, job: str) -> None:
    """Say that the ledger is whole where ``job``, just entered, is all that storage holds."""
    if ledger.emptied() and records.jobs(storage) == [job]:
        ledger.begin()


def rebuild_all(ledger: Ledger, storage: Storage, publish: Publish) -> int:
    """Put every job of storage back that is not back yet, then say that the ledger is whole. The
    caller holds the lock ``rebuild``; it is given back."""
    try:
        back = ledger.rebuilt()
        stored = records.jobs(storage)
        if not stored and not back:
            return 0  # new, or not mounted yet: then its jobs are still to come
        missing = [job for job in stored if job not in back]
        doubtful = _put_back(ledger, storage, publish, missing)
        if doubtful:
            storage.names("jobs")  # raises where it is the storage that is away, not these jobs
            for job, reason in _put_back(ledger, storage, publish, list(doubtful)).items():
                _set_aside(ledger, job, reason)
        ledger.begin()
        return len(missing)
    finally:
        ledger.give_back("rebuild")


def _put_back(
    ledger: Ledger, storage: Storage, publish: Publish, jobs: list[str]
) -> dict[str, str]:
    """Rebuild ``jobs``; returns those that storage did not give, with the reason."""
    doubtful: dict[str, str] = {}
    renewed = time.monotonic()
    for job in jobs:
        try:
            publish(facts.rebuild(ledger, storage, job, ledger.settings.window))
            ledger.note_rebuilt(job)
        except (JobError, DamagedError) as error:
            _set_aside(ledger, job, str(error))
        except StorageError as error:
            doubtful[job] = str(error)
        if time.monotonic() - renewed > RENEW_EVERY_S:
            ledger.prolong("rebuild", HOLD_S)
            renewed = time.monotonic()
    return doubtful


def _set_aside(ledger: Ledger, job: str, reason: str) -> None:
    logger.warning("job %s is set aside, all others go on: %s", job, reason)
    ledger.set_aside(job, reason[:1000])
