"""Whether a worker that should consume has stopped doing so."""

from __future__ import annotations

import time


class Watchdog:
    """Counts for how long messages have waited while no task began and none was at work.

    Only time between looks counts. What a look itself takes is Redis' time, and that says nothing
    about the worker: while Redis is frozen nobody can consume.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._begun = -1
        self._still_s = 0.0
        self._last = time.monotonic()

    def reset(self) -> None:
        """Begin anew: whoever has no Redis to consume from is not stuck."""
        self._still_s, self._last = 0.0, time.monotonic()

    def stuck(self, asked: float, begun: int, busy: bool, waiting: int) -> bool:
        """Whether the worker has stood still for longer than ``limit_s``.

        ``asked``: when this look began, in seconds of ``time.monotonic``. ``begun``: tasks begun
        in all; ``busy``: one is at work; ``waiting``: messages that wait for this worker's kind.
        """
        if busy or not waiting or begun != self._begun:
            self._begun = begun
            self.reset()
            return False
        self._still_s += max(0.0, asked - self._last)
        self._last = time.monotonic()
        return self._still_s > self.limit_s
