"""Where labels go: inside the picture, off other faces and off one another. Pure geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Rect(NamedTuple):
    """Left upper corner and size in whole pixels."""

    x: int
    y: int
    w: int
    h: int

    def overlap(self, other: Rect) -> int:
        """Area that both cover."""
        width = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        height = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        return width * height if width > 0 and height > 0 else 0


class Taken:
    """The places that are taken, as columns: hundreds of faces are looked through at once."""

    def __init__(self, rects: Iterable[Rect] = ()) -> None:
        self._ends = np.empty((4, 64), np.int32)  # left, top, right, bottom
        self._count = 0
        for rect in rects:
            self.add(rect)

    def add(self, rect: Rect) -> None:
        """``rect`` is taken from now on."""
        if self._count == self._ends.shape[1]:
            self._ends = np.concatenate([self._ends, np.empty_like(self._ends)], axis=1)
        self._ends[:, self._count] = rect.x, rect.y, rect.x + rect.w, rect.y + rect.h
        self._count += 1

    def hides(self, place: Rect) -> int:
        """The sum of the areas that ``place`` covers of each."""
        left, top, right, bottom = self._ends[:, : self._count]
        width = np.minimum(right, place.x + place.w) - np.maximum(left, place.x)
        height = np.minimum(bottom, place.y + place.h) - np.maximum(top, place.y)
        near = (width > 0) & (height > 0)
        return int(width[near].astype(np.int64) @ height[near])


def even(value: float) -> int:
    """The nearest even number."""
    return 2 * round(value / 2)


def inside(rect: Rect, width: int, height: int, margin: int = 0) -> Rect:
    """``rect`` moved, by even steps, to lie in the picture as far as it fits."""
    x = max(min(rect.x, width - margin - rect.w), margin)
    y = max(min(rect.y, height - margin - rect.h), margin)
    return Rect(max(x - x % 2, 0), max(y - y % 2, 0), rect.w, rect.h)


def choose(
    options: Iterable[Rect],
    hides: Callable[[Rect], int],
    size: tuple[int, int],
    margin: int = 0,
) -> tuple[Rect, float]:
    """The option that hides least, earlier ones preferred, moved into the picture.

    ``hides``: the area of what is taken that a place covers, see ``Taken``.

    Returns:
        The place, and the part of it (0 to about 1) that lies over what is taken.
    """
    best: tuple[float, float, Rect] | None = None
    for rank, option in enumerate(options):
        place = inside(option, *size, margin)
        moved = abs(place.x - option.x) + abs(place.y - option.y)
        hidden = hides(place) / max(place.w * place.h, 1)
        cost = hidden + 0.02 * rank + 0.1 * moved / max(place.w + place.h, 1)
        if best is None or cost < best[0]:
            best = cost, hidden, place
        if best[1] == 0 and moved == 0:
            break
    assert best is not None, "no place was offered"
    return best[2], best[1]
