"""Pictures of which a part was never decoded, where the decoder itself does not say so.

FFmpeg's HEVC decoder takes a picture whose data ends too early for whole. What is missing then
shows whatever lay in the memory that the picture was given: a part of an earlier picture, and of
which one depends on how many threads decode. Such a part goes on to the lower right corner and is,
to the last pixel, what the same memory held before, while the last pictures look otherwise there.

What is healthy and has not changed for a while is in the last pictures as well; what is flat is no
evidence. In still scenes without a camera's noise (drawn ones) a healthy picture is taken for such
a one now and then: it is read again by one thread, and looks the same.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from fer_batch.types import IntArray

# Places that are looked at lie in a grid, the last one in the lower right corner: blocks are
# decoded row by row, so that what is missing goes on to there.
ROWS, COLUMNS = 32, 4
LENGTH = 16  # bytes of a place, one beside the other
RECENT = 3  # pictures that have to look otherwise there


class StaleParts:
    """Looks at each picture of one decoder, in the order in which they are shown."""

    def __init__(self) -> None:
        self._shape: tuple[int, int, int] | None = None
        self._places: IntArray
        self._held: dict[int, Any] = {}  # what each piece of memory held, by its address
        self._recent: deque[tuple[int, Any]] = deque(maxlen=RECENT)

    def in_picture(self, picture: Any) -> bool:
        """Whether some of an ``av.VideoFrame`` shows what lay in its memory before."""
        plane = picture.planes[0]
        shape = (plane.line_size, plane.width, plane.height)
        if shape != self._shape:
            self._begin(*shape)
        seen = np.frombuffer(plane, np.uint8).take(self._places).view(np.uint64)
        address = plane.buffer_ptr
        stale = self._is_stale(seen, self._held.get(address), address)
        self._held[address] = seen
        self._recent.append((address, seen))
        return stale

    def _begin(self, line: int, width: int, height: int) -> None:
        """Choose the places in planes of ``line`` bytes a row, of which ``width`` at least show."""
        self._shape = (line, width, height)
        self._held.clear()
        self._recent.clear()
        rows = (np.arange(1, ROWS + 1) * height // ROWS - 1).clip(0)
        left = (np.arange(1, COLUMNS + 1) * width // COLUMNS - LENGTH).clip(0)
        places = rows[:, None, None] * line + left[None, :, None] + np.arange(LENGTH)
        self._places = places.reshape(-1, LENGTH).clip(0, line * height - 1)

    def _is_stale(self, seen: Any, before: Any, address: int) -> bool:
        """``before``: what the memory held, None for new memory, which is all zero."""
        if before is None:
            before = np.zeros_like(seen)
        where = np.flatnonzero(seen[:, 0] == before[:, 0])
        where = where[seen[where, 1] == before[where, 1]]
        others = [other for place, other in self._recent if place != address]
        if not len(where) or where[-1] != ROWS * COLUMNS - 1 or not others:
            return False
        missing = where[_reaching_the_end(where)]
        there = seen[missing]
        pixels = there.view(np.uint8)
        plain = (pixels == pixels[:, :1]).all(axis=1) & pixels.any(axis=1)
        alike = (np.stack(others)[:, missing] == there).all(axis=2).any(axis=0)
        return bool((~plain & ~alike).any())


def _reaching_the_end(places: IntArray) -> Any:
    """Which of some places, by number, may be a part of what is missing up to the end: of a column
    those below one another down to the last row, of no more rows than in the column on the right.
    """
    same = np.zeros(ROWS * COLUMNS, bool)
    same[places] = True
    columns = same.reshape(ROWS, COLUMNS)[::-1]
    down_to_the_end = np.logical_and.accumulate(columns, axis=0)[:, ::-1]
    as_on_the_right = np.logical_and.accumulate(down_to_the_end, axis=1)
    return as_on_the_right[::-1, ::-1].reshape(-1)[places]
