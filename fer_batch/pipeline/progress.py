"""What a step tells its caller while it works, and what the caller may ask of it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fer_batch.errors import Cancelled

Report = Callable[[int], None]
ShouldCancel = Callable[[], bool]

# Asking whether to stop may cost a round trip; frames take a few milliseconds each.
FRAMES_BETWEEN_CHECKS = 16
# Frames of 4K take longer, and Ctrl-C is to be heard at once.
SECONDS_BETWEEN_CHECKS = 0.25


def unreported(frames: int) -> None:
    """A Report for callers that do not show progress."""


def never() -> bool:
    """A ShouldCancel for callers that never stop."""
    return False


class Pulse:
    """Passes on progress and looks for a wish to stop, every few frames or parts of a second."""

    def __init__(
        self,
        report: Report,
        should_cancel: ShouldCancel,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report = report
        self._should_cancel = should_cancel
        self._clock = clock
        self._pending = 0
        self._last = clock()

    def beat(self, frames: int = 1) -> None:
        """``frames`` more are done.

        Raises:
            Cancelled: the caller wants to stop.
        """
        self._pending += frames
        waited = self._clock() - self._last >= SECONDS_BETWEEN_CHECKS
        if waited or self._pending >= FRAMES_BETWEEN_CHECKS:
            self.flush()

    def flush(self) -> None:
        """Report what is pending now. Raises Cancelled as ``beat`` does."""
        if self._pending:
            self._report(self._pending)
            self._pending = 0
        self._last = self._clock()
        if self._should_cancel():
            raise Cancelled("stopped; what was finished is kept")


class Timings:
    """Seconds spent by stage; stages in threads of their own overlap, so they may sum to more."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time inside the block for ``name``."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - begin

    def add(self, other: dict[str, float]) -> None:
        """Count the stages of another record as well."""
        for name, seconds in other.items():
            self.seconds[name] += seconds
