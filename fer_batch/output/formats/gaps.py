"""Runs of frames in which nobody was found, or which could not be decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fer_batch.types import FrameStatus

if TYPE_CHECKING:
    from fer_batch.types import Timeline

GAPS = (FrameStatus.NO_FACE, FrameStatus.DECODE_ERROR)


@dataclass(frozen=True, slots=True)
class Gap:
    """Frames ``start_frame <= i < stop_frame`` of one ``status``; seconds from the first frame."""

    status: FrameStatus
    start_frame: int
    stop_frame: int
    start_s: float
    stop_s: float


def gaps(timeline: Timeline) -> list[Gap]:
    """All runs of ``GAPS`` in order of time; skipped frames in between do not end one."""
    kept = np.flatnonzero(timeline.status != FrameStatus.SKIPPED)
    if len(kept) == 0:
        return []
    status = timeline.status[kept]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(status)) + 1])
    stops = np.append(starts[1:], len(kept))
    found = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        if status[start] not in GAPS:
            continue
        first = int(kept[start])
        ends = stop < len(kept)
        found.append(
            Gap(
                status=FrameStatus(int(status[start])),
                start_frame=first,
                stop_frame=int(kept[stop - 1]) + 1,
                start_s=float(timeline.time_s[first]),
                stop_s=float(timeline.time_s[kept[stop]]) if ends else timeline.end_s,
            )
        )
    return found
