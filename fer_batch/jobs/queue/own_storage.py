"""Telling the queue's own storage from an empty folder in its place, such as a share that is not
mounted, and from another address: what was written there would be lost to all others."""

from __future__ import annotations

from fer_batch.errors import StorageError
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.spec import check_job_id
from fer_batch.jobs.ledger.status import job_ids
from fer_batch.jobs.store import keys
from fer_batch.jobs.store.storage import Storage

LOOK_AT = 3  # jobs


def check_job(storage: Storage, job: str) -> None:
    """Make sure that ``storage`` holds a job that the ledger knows.

    Raises:
        StorageError: it does not, or does not answer.
    """
    if not storage.exists(keys.manifest(check_job_id(job))):
        raise _other(storage, job)


def check(ledger: Ledger, storage: Storage) -> None:
    """Make sure that ``storage`` holds one of the newest jobs of the ledger, if that has any.

    Raises:
        StorageError: it holds none, or does not answer.
        BrokerError: Redis does not answer.
    """
    if (missing := _missing(ledger, storage)) is not None:
        raise _other(storage, missing)


def is_own(ledger: Ledger, storage: Storage) -> bool:
    """Whether ``check`` finds nothing wrong.

    Raises:
        StorageError: storage does not answer.
        BrokerError: Redis does not answer.
    """
    return _missing(ledger, storage) is None


def _missing(ledger: Ledger, storage: Storage) -> str | None:
    """The newest job, where storage holds none of the newest ones; else None."""
    newest = job_ids(ledger, LOOK_AT)
    if not newest or any(storage.exists(keys.manifest(job)) for job in newest):
        return None
    # Or somebody was just removing them.
    return newest[0] if job_ids(ledger, LOOK_AT) == newest else None


def _other(storage: Storage, job: str) -> StorageError:
    return StorageError(
        f"storage {storage.where} does not hold job {job}, which Redis knows: mount it, or check "
        f"FER_BATCH_STORAGE; if it is gone for good, forget its jobs with `fer-batch rm {job}`"
    )
