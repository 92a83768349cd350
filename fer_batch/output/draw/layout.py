"""Where labels go: inside the picture, off other faces and off one another. Pure geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def even(value: float) -> int:
    """The nearest even number."""
    return 2 * round(value / 2)


def inside(rect: Rect, width: int, height: int, margin: int = 0) -> Rect:
    """``rect`` moved, by even steps, to lie in the picture as far as it fits."""
    x = max(min(rect.x, width - margin - rect.w), margin)
    y = max(min(rect.y, height - margin - rect.h), margin)
    return Rect(max(x - x % 2, 0), max(y - y % 2, 0), rect.w, rect.h)


def choose(
    options: Iterable[Rect], taken: Iterable[Rect], size: tuple[int, int], margin: int = 0
) -> tuple[Rect, float]:
    """The option that hides least, earlier ones preferred, moved into the picture.

    Returns:
        The place, and the part of it (0 to about 1) that lies over what is taken.
    """
    best: tuple[float, float, Rect] | None = None
    taken = list(taken)
    for rank, option in enumerate(options):
        place = inside(option, *size, margin)
        moved = abs(place.x - option.x) + abs(place.y - option.y)
        hidden = sum(place.overlap(other) for other in taken) / max(place.w * place.h, 1)
        cost = hidden + 0.02 * rank + 0.1 * moved / max(place.w + place.h, 1)
        if best is None or cost < best[0]:
            best = cost, hidden, place
        if best[1] == 0 and moved == 0:
            break
    assert best is not None, "no place was offered"
    return best[2], best[1]
