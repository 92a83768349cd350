"""How long a job still takes: what is left to do, at what it has cost so far.

Work is counted in seconds of workers, by stage: analysing and drawing cost different amounts a
frame, and a job's inputs are at different stages. How much of it a second does is told by the whole
job and by its last part: workers come and go, and other work takes their machines' time. Where the
two are near each other their mean is steadier than either; where they are far apart the last part
alone counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Drawing a frame against analysing it, with all outputs at 640x360 (benchmarks/README.md); used
# only until something of this job or of this queue has been drawn.
DRAW_RATIO = 2.5
# Apart by more than this the last part is no accident. Both by simulation: jobs whose machines get
# slower and faster at random.
FAR = 1.5
LATE_SHARE = 0.6
FRAME_STAGES = ("analyze", "render")
OTHER_STAGES = ("probe", "assemble", "finish")


@dataclass(frozen=True, slots=True)
class ItemWork:
    """An input: ``frames`` (0: not probed yet), frames through each pass, those of units that are
    in work included; ``ended``: in a final state; ``assembled``: its tracks are made."""

    frames: int
    analyzed: int
    drawn: int
    renders: bool
    ended: bool
    assembled: bool = False

    def waits_for(self, stage: str) -> bool:
        """Whether one of ``OTHER_STAGES`` is still to be done."""
        if self.ended:
            return False
        return {"probe": not self.frames, "assemble": not self.assembled}.get(stage, True)


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of workers by stage, and the frames that they paid for, of units that have ended.
    ``free_analyzed``, ``free_drawn``: frames that were done without any of these seconds."""

    seconds: Mapping[str, float]
    analyzed: int
    drawn: int
    free_analyzed: int = 0
    free_drawn: int = 0

    def of(self, stage: str) -> float:
        return self.seconds.get(stage, 0.0)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a job has gone lately: in ``elapsed_s`` units of so many frames, and so many inputs, have
    ended."""

    elapsed_s: float
    analyzed: int
    drawn: int
    ended: int


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
    other = _other(items, spent)
    work = paid = 0.0
    for item in items:
        renders = item.renders if item.frames else draws
        paid += item.analyzed * analyze + (item.drawn * render if renders else 0.0)
        if not item.ended:
            frames = item.frames or usual
            work += max(frames - item.analyzed, 0) * analyze
            work += max(frames - item.drawn, 0) * render if renders else 0.0
            work += sum(other[stage] for stage in OTHER_STAGES if item.waits_for(stage))
    paid += sum(spent.of(stage) for stage in OTHER_STAGES)
    paid -= spent.free_analyzed * analyze + spent.free_drawn * render
    rate = paid / elapsed_s
    if lately is not None and lately.elapsed_s > 0:
        gone = lately.analyzed * analyze + lately.drawn * render
        gone += lately.ended * sum(other.values())
        rate = _rate(rate, gone / lately.elapsed_s)
    return work / max(rate, 1e-3)


def _other(items: Sequence[ItemWork], spent: Spent) -> dict[str, float]:
    """Seconds of an input in each stage that does not go by frames; of one that no input has gone
    through yet, what the others take."""
    through = {
        "probe": sum(item.frames > 0 for item in items),
        "assemble": sum(item.assembled or item.ended for item in items),
        "finish": sum(item.ended for item in items),
    }
    known = {stage: spent.of(stage) / n for stage, n in through.items() if n and spent.of(stage)}
    usual = sum(known.values()) / max(len(known), 1)
    return {stage: known.get(stage, usual) for stage in OTHER_STAGES}


def _rate(whole: float, late: float) -> float:
    """Seconds of work that a second does, of those of the whole job and of its last part."""
    if whole <= 0 or late <= 0 or max(whole / late, late / whole) > FAR:
        return late
    return late**LATE_SHARE * whole ** (1 - LATE_SHARE)
