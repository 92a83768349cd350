"""Recordings joined end to end as they were: the times of each start again.

Captures of broadcasts, DVD files and cameras that cut a recording in pieces leave such files.
"""

from __future__ import annotations

from fractions import Fraction

# Pictures and packets out of order fall back by less.
BACK_S = 0.5


class EndToEnd:
    """Lays times that start again behind what came before; ``restarts`` counts how often."""

    def __init__(self, time_base: Fraction) -> None:
        """``time_base``: seconds a tick."""
        self.restarts = 0
        self._back = BACK_S / float(time_base)
        self._offset = 0
        self._end: int | None = None

    def place(self, time: int, duration: int) -> int:
        """Where in the whole something lies that begins at ``time``; all of it in ticks."""
        placed = time + self._offset
        if self._end is None:
            self._end = placed
        elif placed < self._end - self._back:
            self._offset += self._end - placed
            placed = self._end
            self.restarts += 1
        self._end = max(self._end, placed + duration)
        return placed
