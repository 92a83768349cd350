"""How long a job still takes: what is left to do, at what it has cost so far.

Work is counted in seconds of workers, by stage: analysing and drawing cost different amounts a
frame, and a job's inputs are at different stages. What has been done and the time since the job
began say how many workers it really has had, gaps and all; where that has clearly changed of late
only the time since then counts: workers come and go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Drawing a frame against analysing it, with all outputs at 640x360 (benchmarks/README.md); used
# only until something of this job or of this queue has been drawn.
DRAW_RATIO = 2.5
UNITS_OF_A_WORKER = 8
# As far the number of workers seems to change by the lengths of single units alone.
STEADY = 0.15
FRAME_STAGES = ("analyze", "render")
OTHER_STAGES = ("probe", "assemble", "finish")


@dataclass(frozen=True, slots=True)
class ItemWork:
    """An input: ``frames`` (0: not probed yet), frames through each pass, those of units that are
    in work included; ``ended``: in a final state."""

    frames: int
    analyzed: int
    drawn: int
    renders: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of workers by stage, and the frames that they paid for, of units that have ended."""

    seconds: Mapping[str, float]
    analyzed: int
    drawn: int

    def of(self, stage: str) -> float:
        return self.seconds.get(stage, 0.0)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a job has gone lately: in ``elapsed_s`` so many units have ended, which took workers
    ``worked_s`` seconds."""

    elapsed_s: float
    worked_s: float
    units: int

    @property
    def at_once(self) -> float | None:
        """How many workers it has had; None where that is too short to tell."""
        if self.elapsed_s <= 0 or self.worked_s <= 0:
            return None
        found = self.worked_s / self.elapsed_s
        # Each worker is in the middle of a unit at the beginning, and at the end.
        return found if self.units >= UNITS_OF_A_WORKER * max(found, 1.0) else None


def remaining_s(
    items: Sequence[ItemWork],
    spent: Spent,
    elapsed_s: float,
    draw_ratio: float = DRAW_RATIO,
    lately: Pace | None = None,
) -> float | None:
    """Seconds until the job ends, None where nothing can be said yet.

    Args:
        items: every input of the job.
        spent: what its units have cost.
        elapsed_s: since its first unit began.
        draw_ratio: drawing against analysing, a frame, where the job itself has drawn nothing.
        lately: how it has gone since a moment not long ago, where one is known.
    """
    if all(item.ended for item in items):
        return 0.0
    if not spent.analyzed or elapsed_s <= 0:
        return None
    analyze = spent.of("analyze") / spent.analyzed
    render = spent.of("render") / spent.drawn if spent.drawn else analyze * draw_ratio
    known = [item.frames for item in items if item.frames]
    usual = sum(known) / len(known) if known else 0.0
    draws = any(item.renders for item in items if item.frames) or not known
    ended = sum(item.ended for item in items)
    fixed = sum(spent.of(stage) for stage in OTHER_STAGES) / max(ended, len(known) / 2, 1)
    work = paid = 0.0
    for item in items:
        renders = item.renders if item.frames else draws
        paid += item.analyzed * analyze + (item.drawn * render if renders else 0.0)
        if not item.ended:
            frames = item.frames or usual
            work += max(frames - item.analyzed, 0) * analyze + fixed
            work += max(frames - item.drawn, 0) * render if renders else 0.0
    paid += sum(spent.of(stage) for stage in OTHER_STAGES)
    at_once = max(paid / elapsed_s, 1e-3)
    now = lately.at_once if lately is not None else None
    if now is not None and abs(now / at_once - 1) > STEADY:
        at_once = max(now, 1e-3)
    return work / at_once
