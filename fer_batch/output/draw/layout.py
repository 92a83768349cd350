"""Where labels go: inside the picture, off other faces and off one another. Pure geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

FEW = 8


class Rect(NamedTuple):
    """Left upper corner and size in whole pixels."""

    x: int
    y: int
    w: int
    h: int

    def overlap(self, other: Rect) -> int:
        """Area that both cover."""
        x, y, w, h = self
        left, top, width, height = other
        # Compared, not min and max: a crowd asks thousands of times in each frame.
        wide = (x + w if x + w < left + width else left + width) - (x if x > left else left)
        high = (y + h if y + h < top + height else top + height) - (y if y > top else top)
        return wide * high if wide > 0 and high > 0 else 0


class Taken:
    """The places that are taken in a picture of ``width`` x ``height`` pixels, all with their left
    upper corners in it.

    A few are looked through. Of a crowd there is a count for each pixel, so that a place costs as
    much to weigh whether ten or a thousand faces are in the picture.
    """

    def __init__(self, width: int, height: int, rects: Iterable[Rect] = ()) -> None:
        self._size = width, height
        self._few: list[Rect] = []
        self._count: NDArray[np.uint16] | None = None
        for rect in rects:
            self.add(rect)

    def add(self, rect: Rect) -> None:
        """``rect`` is taken from now on."""
        if self._count is None:
            self._few.append(rect)
            if len(self._few) > FEW:
                self._count = np.zeros(self._size[::-1], np.uint16)
                for x, y, w, h in self._few:
                    self._count[y : y + h, x : x + w] += 1
        else:
            x, y, w, h = rect
            self._count[y : y + h, x : x + w] += 1

    def hides(self, place: Rect) -> int:
        """The sum of the areas that ``place`` covers of each."""
        if self._count is None:
            return sum(place.overlap(other) for other in self._few)
        import cv2

        x, y, w, h = place
        return int(cv2.sumElems(self._count[y : y + h, x : x + w])[0])


def even(value: float) -> int:
    """The nearest even number."""
    return 2 * round(value / 2)


def inside(rect: Rect, width: int, height: int, margin: int = 0) -> Rect:
    """``rect`` moved, by even steps, to lie in the picture as far as it fits."""
    left, top, w, h = rect
    right, bottom = width - margin - w, height - margin - h
    if margin <= left <= right and margin <= top <= bottom and not (left | top) & 1:
        return rect
    x, y = max(min(left, right), margin), max(min(top, bottom), margin)
    return Rect(max(x - x % 2, 0), max(y - y % 2, 0), w, h)


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
        x, y, w, h = place
        moved = abs(x - option.x) + abs(y - option.y)
        least = 0.02 * rank + 0.1 * moved / max(w + h, 1)
        if best is not None and least >= best[0]:  # not even if it hid nothing
            continue
        hidden = hides(place) / max(w * h, 1)
        if best is None or hidden + least < best[0]:
            best = hidden + least, hidden, place
        if best[1] == 0 and moved == 0:
            break
    assert best is not None, "no place was offered"
    return best[2], best[1]
