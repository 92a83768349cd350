"""Uploads belong to all jobs that name them: none is deleted that a submission counts on.

A submission says in Redis which uploads it needs before it looks whether they are there; who
deletes says which are about to go before looking whether a job names them. Both in one script
each, so that one of the two always sees the other.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from fer_batch.errors import BrokerError
from fer_batch.jobs.ledger.reservations import Reservations
from fer_batch.jobs.stack.processes import this_owner
from fer_batch.jobs.store.storage import Storage

logger = logging.getLogger(__name__)
SUBMISSION_S = 180.0  # a submission that is silent for so long is taken for dead
RENEW_EVERY_S = 20.0
DELETION_S = 600.0
AT_ONCE = 500
POLL_S = 0.2


class Reservation:
    """Uploads that a submission counts on; renewed by a thread for as long as it lives."""

    def __init__(self, reservations: Reservations, job: str, uploads: Iterable[str]) -> None:
        self._all, self._job, self._names = reservations, job, sorted(set(uploads))
        self._ended, self._lapsed = threading.Event(), threading.Event()
        self._left = False
        self._thread = threading.Thread(target=self._renew, name="uploads", daemon=True)

    def take(self) -> None:
        """Reserve; first waits for those uploads that are being deleted just now."""
        self._lapsed.clear()
        owner = this_owner()
        while self._all.reserve(self._job, self._names, SUBMISSION_S, owner):
            time.sleep(POLL_S)

    def kept(self) -> bool:
        """Whether it never lapsed, as it does when a machine sleeps or Redis loses everything: then
        uploads may have been collected, and the caller must look for each again."""
        return not self._lapsed.is_set() and self._all.hold(self._job, SUBMISSION_S)

    def start(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        """Let it end by itself: the collector then enters the job, whose manifest is there."""
        self._left = True

    def stop(self) -> None:
        self._ended.set()
        if self._thread.ident is not None:  # Redis may have refused before it was started
            self._thread.join(timeout=10)
        if self._left:
            return
        with suppress(BrokerError):
            self._all.unreserve(self._job)

    def _renew(self) -> None:
        while not self._ended.wait(RENEW_EVERY_S):
            try:
                if not self._all.hold(self._job, SUBMISSION_S):
                    self._lapsed.set()
                    self._all.reserve(self._job, self._names, SUBMISSION_S, this_owner())
            except BrokerError as error:
                logger.warning("uploads not held: %s", error)


@contextmanager
def reserved(reservations: Reservations, job: str, uploads: Iterable[str]) -> Iterator[Reservation]:
    """Keep ``uploads`` from being deleted; first waits for those that just are.

    Raises:
        BrokerError: Redis does not answer.
    """
    found = Reservation(reservations, job, uploads)
    try:
        found.take()
        found.start()
        yield found
    finally:
        found.stop()


def delete(
    reservations: Reservations,
    storage: Storage,
    uploads: set[str],
    named: Callable[[], Iterable[set[str]]],
) -> list[str]:
    """Delete ``uploads`` but those that a submission has reserved or that ``named`` brings.

    ``named``: sets of uploads that jobs name, read anew at each call. Returns what was deleted.
    """
    gone: list[str] = []
    ordered = sorted(uploads)
    for start in range(0, len(ordered), AT_ONCE):
        deadline = time.monotonic() + DELETION_S * 0.9
        marked = reservations.mark(ordered[start : start + AT_ONCE], DELETION_S)
        try:
            left = set(marked)
            for some in named() if left else ():
                left -= some
            for key in sorted(left):
                if time.monotonic() > deadline:
                    return gone
                storage.delete(key)
                gone.append(key)
        finally:
            with suppress(BrokerError):
                reservations.unmark(marked)
    return gone
