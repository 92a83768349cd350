"""The rows of each track."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fer_batch.types import IntArray


def by_track(track: IntArray) -> Iterator[tuple[int, IntArray]]:
    """Yield each number in ``track int64[n]``, rising, with its rows in order."""
    order = np.argsort(track, kind="stable")
    starts = np.flatnonzero(np.diff(track[order], prepend=np.iinfo(np.int64).min))
    for rows in np.split(order, starts[1:]) if len(starts) else []:
        yield int(track[rows[0]]), rows
