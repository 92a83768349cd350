"""How long a job still takes: what is left to do, at what it has cost so far.

Work is counted in seconds of workers, by stage: analysing and drawing cost different amounts a
frame, and a job's inputs are at different stages. What has been done and the time since the job
began say how many workers it really has had, gaps and all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Drawing a frame against analysing it, with all outputs at 640x360 (benchmarks/README.md); used
# only until something of this job or of this queue has been drawn.
DRAW_RATIO = 2.5
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


def remaining_s(
    items: Sequence[ItemWork], spent: Spent, elapsed_s: float, draw_ratio: float = DRAW_RATIO
) -> float | None:
    """Seconds until the job ends, None where nothing can be said yet.

    Args:
        items: every input of the job.
        spent: what its units have cost.
        elapsed_s: since its first unit began.
        draw_ratio: drawing against analysing, a frame, where the job itself has drawn nothing.
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
    return work / at_once
