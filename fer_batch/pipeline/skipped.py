"""Frames that nobody looked at (``--every``), and those that stand in for them."""

from __future__ import annotations

from fer_batch.types import FrameStatus, Timeline


def looked_at_before(timeline: Timeline, frame: int) -> int:
    """The last frame up to ``frame`` that was analysed; the first one where there is none."""
    while frame > 0 and timeline.status[frame] == FrameStatus.SKIPPED:
        frame -= 1
    return frame


def looked_at_after(timeline: Timeline, frame: int) -> int:
    """The first frame from ``frame`` on that was analysed; the last one where there is none."""
    last = len(timeline) - 1
    while frame < last and timeline.status[frame] == FrameStatus.SKIPPED:
        frame += 1
    return min(frame, last)


def stand_ins(timeline: Timeline, wanted: set[int]) -> set[int]:
    """The frames that may be shown for some of ``wanted``: for one that could not be decoded the
    one before it, for one that was skipped the last that was analysed."""
    status = timeline.status
    again = {frame - 1 for frame in wanted if status[frame] == FrameStatus.DECODE_ERROR and frame}
    return again | {looked_at_before(timeline, frame) for frame in wanted | again}
