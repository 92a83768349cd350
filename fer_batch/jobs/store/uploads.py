"""Uploads belong to all jobs that name them: none is deleted that a submission counts on.

A submission says in Redis which uploads it needs before it looks whether they are there; who
deletes says which are about to go before looking whether a job names them. Both in one script
each, so that one of the two always sees the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from fer_batch.errors import BrokerError
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.store.storage import Storage

SUBMISSION_S = 24 * 3600.0  # a submission that died holds its uploads for so long
DELETION_S = 600.0
AT_ONCE = 500
POLL_S = 0.2


@contextmanager
def reserved(ledger: Ledger, job: str, uploads: Iterable[str]) -> Iterator[None]:
    """Keep ``uploads`` from being deleted; first waits for those that just are.

    Raises:
        BrokerError: Redis does not answer.
    """
    names = sorted(set(uploads))
    try:
        while ledger.reserve(job, names, SUBMISSION_S):
            time.sleep(POLL_S)
        yield
    finally:
        with suppress(BrokerError):
            ledger.unreserve(job)


def delete(
    ledger: Ledger, storage: Storage, uploads: set[str], named: Callable[[], Iterable[set[str]]]
) -> None:
    """Delete ``uploads`` but those that a submission has reserved or that ``named`` brings.

    ``named``: sets of uploads that jobs name, read anew at each call.
    """
    ordered = sorted(uploads)
    for start in range(0, len(ordered), AT_ONCE):
        deadline = time.monotonic() + DELETION_S * 0.9
        marked = ledger.mark(ordered[start : start + AT_ONCE], DELETION_S)
        try:
            left = set(marked)
            for some in named() if left else ():
                left -= some
            for key in sorted(left):
                if time.monotonic() > deadline:
                    return
                storage.delete(key)
        finally:
            with suppress(BrokerError):
                ledger.unmark(marked)
