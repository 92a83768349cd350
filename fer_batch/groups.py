"""The rows of each number in a column: of each track, of each person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fer_batch.types import IntArray


def by_track(track: IntArray) -> Iterator[tuple[int, IntArray]]:
    """Yield each number in ``track int64[n]``, rising, with its rows in order."""
    import numpy as np

    order = np.argsort(track, kind="stable")
    starts = np.flatnonzero(np.diff(track[order], prepend=np.iinfo(np.int64).min))
    for rows in np.split(order, starts[1:]) if len(starts) else []:
        yield int(track[rows[0]]), rows
