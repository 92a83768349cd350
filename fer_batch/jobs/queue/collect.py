"""The collector: what a submission that died has left in storage.

While it lives a submission renews a reservation in Redis. One that is silent, or whose process is
known to be dead, has either written its manifest, and its job is entered and goes on, or it has
not: then its uploads go, whole ones and halves, but for those that a job or a living submission
names. Halves of earlier times, of which Redis knows nothing, go when they are an hour old. That a
submission lives is told by Redis' clock, the age of a file by that of the storage's own disk.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.spec import JOB_ID
from fer_batch.jobs.ledger.status import read_status
from fer_batch.jobs.queue import facts, named
from fer_batch.jobs.queue.broker import Publish
from fer_batch.jobs.stack.processes import is_dead
from fer_batch.jobs.store import keys, uploads
from fer_batch.jobs.store.storage import Storage

logger = logging.getLogger(__name__)
OLD_S = 3600.0
_UPLOAD = re.compile(r"inputs/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Collected:
    """How many files went, and how many bytes."""

    files: int = 0
    size: int = 0

    def __add__(self, other: Collected) -> Collected:
        return Collected(self.files + other.files, self.size + other.size)


def collect(ledger: Ledger, storage: Storage, publish: Publish) -> Collected:
    """Take up or clear away what submissions have left that are known to be dead.

    Raises:
        BrokerError, StorageError: one of them does not answer; the next call goes on.
    """
    now, found = ledger.now(), Collected()
    for job, (ends, owner) in ledger.reservations.submissions().items():
        if JOB_ID.fullmatch(job) and (ends <= now or is_dead(owner)):
            found += _settle(ledger, storage, publish, job)
    return found


def _settle(ledger: Ledger, storage: Storage, publish: Publish, job: str) -> Collected:
    if storage.exists(keys.manifest(job)):  # it had come so far that the job goes on by itself
        if read_status(ledger, job) is None:
            publish(facts.rebuild(ledger, storage, job, ledger.settings.window))
        ledger.reservations.unreserve(job)
        return Collected()
    left = {key for key in ledger.reservations.reserved(job) if _UPLOAD.fullmatch(key)}
    ledger.reservations.unreserve(job)
    logger.info("submission %s ended before it was complete; its uploads are removed", job)
    return clear_uploads(ledger, storage, left) + clear_halves(ledger, storage, left)


def collect_old(ledger: Ledger, storage: Storage) -> Collected:
    """Clear halves away of which Redis knows nothing, as of times before it was emptied."""
    return clear_halves(ledger, storage)


def collect_all(ledger: Ledger, storage: Storage, publish: Publish) -> Collected:
    """All of the above, and every old upload that no job and no submission names: reads the
    manifests of all jobs, so only when somebody asks for it."""
    found = collect(ledger, storage, publish) + collect_old(ledger, storage)
    old = {
        f.key
        for f in storage.stored("inputs", ledger.now())
        if f.age_s > OLD_S and not f.unfinished
    }
    return found + clear_uploads(ledger, storage, {key for key in old if _UPLOAD.fullmatch(key)})


def clear_uploads(ledger: Ledger, storage: Storage, names: set[str]) -> Collected:
    """Delete those of ``names`` that no job and no submission names."""
    sizes = {key: size for key in names if (size := storage.size(key)) is not None}
    gone = uploads.delete(
        ledger.reservations, storage, set(sizes), lambda: named.uploads_of_all(storage)
    )
    return Collected(len(gone), sum(sizes[key] for key in gone))


def clear_halves(ledger: Ledger, storage: Storage, left: set[str] | None = None) -> Collected:
    """Delete temporary files below ``inputs/``: those of the uploads ``left``, any old ones where
    None is given; never those that a living submission holds."""
    wanted = {key.rpartition(".")[0] for key in left} if left is not None else None
    if wanted == set():
        return Collected()
    halves = [
        half
        for half in storage.stored("inputs", ledger.now())
        if half.unfinished and (half.age_s > OLD_S if wanted is None else half.of in wanted)
    ]
    counted_on = ledger.reservations
    held = (key for job in counted_on.submissions() for key in counted_on.reserved(job))
    live = {key.rpartition(".")[0] for key in held}
    found = Collected()
    for half in halves:
        if half.of not in live:
            storage.delete(half.key)
            found += Collected(1, half.size)
    return found
