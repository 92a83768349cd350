"""Recordings joined end to end as they were: the times of each start again.

Captures of broadcasts, DVD files and cameras that cut a recording in pieces leave such files.
"""

from __future__ import annotations

from fractions import Fraction

NEVER = -(1 << 63)


class EndToEnd:
    """Lays times that fall back behind what came before; ``restarts`` counts how often.

    Packets in the order of decoding never fall back otherwise, nor do pictures and sound in the
    order in which they come out of a decoder.
    """

    def __init__(self, time_base: Fraction, back_s: float = 0.0) -> None:
        """``time_base``: seconds a tick. ``back_s``: what is less than that is only disorder."""
        self.restarts = 0
        self._back = back_s / float(time_base)
        self._offset = 0
        self._last = self._end = NEVER

    def place(self, time: int, duration: int) -> int:
        """Where in the whole something lies that begins at ``time``; all of it in ticks."""
        placed = time + self._offset
        if placed < self._last - self._back:
            self._offset += self._end - placed
            placed = self._end
            self.restarts += 1
        self._last = max(self._last, placed)
        self._end = max(self._end, placed + duration)
        return placed
