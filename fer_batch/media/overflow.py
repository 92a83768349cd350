"""Clocks of 33 bits, as MPEG streams have them: after 26.5 hours they begin anew.

The clock of a broadcast has run for as long as the station, so that one recording of two hours in
thirteen holds the moment. FFmpeg corrects it, but takes recordings that are joined for the same, so
it is told not to (``container``).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

FORMATS = ("mpegts", "mpeg")
TICK = Fraction(1, 90_000)
PERIOD = 1 << 33  # ticks
CLOSE = int(60 / TICK)  # what goes on does so within a minute; further away is another recording


class Overflow:
    """Tells times as those of a clock that goes on; ``seen``: whether it began anew on the way."""

    def __init__(self, container: Any, stream: Any, near: int | None = None) -> None:
        """``near``: what the first time is not far from, in ticks of another clock's; None: it is
        taken as it stands."""
        ticks = Fraction(stream.time_base or 0) == TICK
        self._on = ticks and container.format.name in FORMATS
        self._last = near
        self._added = 0
        self.seen = False

    def whole(self, time: int) -> int:
        """``time`` as it would be without the overflow; all of it in ticks."""
        if not self._on:
            return time
        found = time + self._added
        if self._last is not None and abs(found - self._last) > PERIOD // 2:
            turn = PERIOD if found < self._last else -PERIOD
            if abs(found + turn - self._last) <= CLOSE:
                found += turn
                self._added = max(self._added, found - time)
                self.seen = True
        self._last = found
        return found
