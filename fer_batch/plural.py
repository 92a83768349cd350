"""How many of what, in words: ``1 frame``, ``2 frames``, ``1 person``, ``3 people``."""

from __future__ import annotations

from collections.abc import Sequence

IRREGULAR = {"person": "people"}


def plural(count: int, one: str, many: str = "") -> str:
    """``2, "frame"`` to ``2 frames``; ``many``: where more than one is not called by ``one`` and an
    s ("change of emotion"). The last word alone changes ("damaged image")."""
    if count == 1:
        return f"1 {one}"
    start, space, last = one.rpartition(" ")
    return f"{count} {many or start + space + IRREGULAR.get(last, f'{last}s')}"


def first_of(names: Sequence[object], most: int) -> str:
    """``a, b and 3 more``: the first ``most`` of some names, and how many are left."""
    more = len(names) - most
    return ", ".join(map(str, names[:most])) + (f" and {more} more" if more > 0 else "")
