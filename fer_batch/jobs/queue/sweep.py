"""The sweep: hands out again what was lost, rebuilds an emptied ledger, forgets old jobs.

Runs in every worker's parent process and whenever a client looks; a short lock in Redis keeps it
from running more often than every few seconds altogether.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from fer_batch.errors import FerBatchError, JobError
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.manifest import Manifest
from fer_batch.jobs.ledger.spec import FINAL_STATES
from fer_batch.jobs.queue import collect, facts, own_storage, restore
from fer_batch.jobs.queue.broker import Publish
from fer_batch.jobs.queue.named import uploads_of, uploads_of_all
from fer_batch.jobs.store import keys, records, reuse, uploads
from fer_batch.jobs.store.storage import Storage

logger = logging.getLogger(__name__)
RETENTION_EVERY_S = 600.0
COLLECT_EVERY_S = 60.0
HALVES_EVERY_S = 3600.0


def sweep(ledger: Ledger, storage: Storage, publish: Publish) -> int:
    """Sweep once, unless somebody just did; returns how many units were published.

    Raises:
        BrokerError, StorageError: one of them does not answer; nothing is lost by that.
    """
    settings = ledger.settings
    if not ledger.acquire("sweep", settings.sweep_s * 0.9):
        return 0
    restore.rebuild_if_free(ledger, storage, publish)
    dispatches = ledger.sweep()
    if dispatches:
        logger.info("sweep: %d units queued again", len(dispatches))
    publish(dispatches)
    if settings.retention_days and ledger.acquire("retention", RETENTION_EVERY_S):
        forget_old(ledger, storage, settings.retention_days * 86400)
    if ledger.acquire("collect", COLLECT_EVERY_S):
        collect.collect(ledger, storage, publish)
    if ledger.acquire("halves", HALVES_EVERY_S):
        collect.collect_old(ledger, storage)
    return len(dispatches)


def forget_old(ledger: Ledger, storage: Storage, seconds: float) -> list[str]:
    """Remove jobs that ended more than ``seconds`` ago; returns their ids.

    By Redis' clock alone, and only where the ledger itself has written down the end: the clock of
    whoever happens to look may be wrong by weeks.
    """
    before = ledger.now() - seconds
    old = [
        job
        for job, (state, end) in ledger.ends_of_jobs(before).items()
        if state in FINAL_STATES and _seconds(end, before) < before
    ]
    if not old:
        return []
    if not own_storage.is_own(ledger, storage):
        logger.warning(
            "%d old jobs are not removed: storage %s holds none of the queue's jobs now",
            len(old),
            storage.where,
        )
        return []
    return remove(ledger, storage, old).gone


def _seconds(text: str | None, otherwise: float) -> float:
    try:
        return float(text or otherwise)
    except ValueError:
        return otherwise


@dataclass
class Removed:
    """``gone``: jobs whose results are deleted. ``left``: jobs that are forgotten, but whose
    results storage does not hold: they lie where it is not mounted, or nowhere any more.
    ``refused``: why others that were asked for stay as they are."""

    gone: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    refused: list[JobError] = field(default_factory=list)


def remove(
    ledger: Ledger,
    storage: Storage,
    jobs: list[str],
    told: Callable[[str], None] = lambda job: None,
) -> Removed:
    """Forget jobs, delete their results, and the uploads that no other job names.

    Results first: what cannot be deleted stays known, and can be removed again. ``told`` hears of
    each job whose results are deleted.

    Raises:
        StorageError: it does not answer, or does not let something be deleted.
    """
    found = Removed()
    unused: set[str] = set()
    own = own_storage.is_own(ledger, storage)
    for job in jobs:
        manifest = _manifest(storage, job) if storage.exists(keys.manifest(job)) else None
        if manifest is not None:
            unused |= uploads_of(manifest)
            reuse.forget(storage, manifest)
            same = keys.same(manifest.same_key())
            pointer = records.pointer(storage, same)
            if pointer is not None and pointer.job_id == job:
                storage.delete(same)
        if own or storage.exists(keys.job(job)):
            storage.delete(keys.job(job))
            ledger.remove(job)
            found.gone.append(job)
            told(job)
        else:
            ledger.remove(job)
            found.left.append(job)
    uploads.delete(ledger.reservations, storage, unused, lambda: uploads_of_all(storage))
    return found


def _manifest(storage: Storage, job: str) -> Manifest | None:
    try:
        return facts.read_manifest(storage, job)
    except FerBatchError:
        return None
