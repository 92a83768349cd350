"""Keeping a unit's lease while it is at work, and learning that it should stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from fer_batch.errors import BrokerError
from fer_batch.jobs.ledger.heartbeat import note_progress
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.spec import Unit

logger = logging.getLogger(__name__)


class Lease:
    """Renews a unit's lease from a thread. ``report`` and ``should_stop`` are for the step.

    ``should_stop`` is true when the job was cancelled, when somebody else has taken the unit, and
    when this worker is asked to stop (``stopping``).
    """

    def __init__(
        self, ledger: Ledger, unit: Unit, owner: str, stopping: Callable[[], bool], worker: str
    ) -> None:
        self.ledger = ledger
        self.unit = unit
        self.owner = owner
        self.stopping = stopping
        self.worker = worker
        self.frames = 0
        self.verdict = "ok"
        self._ended = threading.Event()
        self._told = False
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=30)
        if self._told:
            with suppress(BrokerError):
                note_progress(self.ledger, self.worker, None, 0.0)

    def report(self, frames: int) -> None:
        """``frames`` more of this unit are done."""
        self.frames += frames

    def should_stop(self) -> bool:
        return self.verdict != "ok" or self.stopping()

    def _renew(self) -> None:
        self._note()  # at once: most units are shorter than the time between two renewals
        every = min(self.ledger.settings.poll_s, self.ledger.settings.lease_s / 4)
        while not self._ended.wait(every):
            try:
                verdict = self.ledger.renew(self.unit, self.owner, self.frames)
            except BrokerError as error:
                # The work goes on: it can be handed in when Redis is back.
                logger.warning("lease of %s not renewed: %s", self.unit.key, error)
                continue
            if verdict != "ok":
                self.verdict = verdict
                return
            self._note()

    def _note(self) -> None:
        """Say what this worker is at, for who looks at the queue."""
        rate = self.frames / max(time.monotonic() - self._started, 1e-3)
        with suppress(BrokerError):
            note_progress(self.ledger, self.worker, self.unit, rate)
            self._told = True
