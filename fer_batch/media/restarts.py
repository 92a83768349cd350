"""Recordings joined end to end as they were: the times of each start again.

Captures of broadcasts, DVD files and cameras that cut a recording in pieces leave such files.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

NEVER = -(1 << 63)


class EndToEnd:
    """Lays times that fall back behind what came before; ``restarts`` counts how often, ``joins``
    has for each recording but the first by how many ticks it was moved and where it begins then.

    Packets in the order of decoding never fall back otherwise, nor do pictures and sound in the
    order in which they come out of a decoder.
    """

    def __init__(
        self,
        time_base: Fraction,
        back_s: float = 0.0,
        like: Sequence[tuple[Fraction, Fraction]] = (),
    ) -> None:
        """``time_base``: seconds a tick. ``back_s``: what is less than that is only disorder.
        ``like``: the joins of another stream, in seconds, with which this one keeps step."""
        self.restarts = 0
        self.joins: list[tuple[int, int]] = []
        self._like = [(round(moved / time_base), round(at / time_base)) for moved, at in like]
        self._back = back_s / float(time_base)
        self._offset = 0
        self._last = self._end = NEVER

    def place(self, time: int, duration: int) -> int:
        """Where in the whole something lies that begins at ``time``; all of it in ticks."""
        placed = time + self._offset
        if placed < self._last - self._back:
            if self.restarts < len(self._like):
                self._offset = self._like[self.restarts][0]
            else:
                self._offset += self._end - placed
            self._last = placed = time + self._offset
            self.restarts += 1
            self.joins.append((self._offset, placed))
        self._last = max(self._last, placed)
        self._end = max(self._end, placed + duration)
        return placed

    def is_over(self, placed: int) -> bool:
        """Whether what lies there comes when the other stream has begun its next recording."""
        return self.restarts < len(self._like) and placed >= self._like[self.restarts][1]
