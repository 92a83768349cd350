"""``python -m benchmarks.cluster``: a cluster of many workers, simulated event by event.

Videos go through probe, analyze × n, assemble, render × n and finish on workers that fail, are
taken away (spot machines) and wait for storage and for one Redis, which serves one call at a time.
Same seed, same result. With ``--check`` real processes that sleep instead of working do the same
small job through the real ledger and a real Redis, and the two are compared.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

# In which order a worker takes what waits: what is near its end first, then by priority.
PRIORITIES = ("high", "normal", "low")
STAGES = ("finish", "assemble", "render", "probe", "analyze")


@dataclass(frozen=True)
class Costs:
    """Seconds. A frame's are those of one core here (docs/performance.md), a call's those of
    ``benchmarks.ledger``; ``between_s`` is what a worker takes from one unit to the next."""

    analyze_frame: float = 1.2e-3
    render_frame: float = 2.9e-3
    probe: float = 0.05
    assemble: float = 0.05
    finish: float = 0.15
    redis_call: float = 1.0e-4  # of Redis' one core: a script and its messages
    between_s: float = 3e-3
    storage_get: float = 0.02
    storage_put: float = 0.02
    jitter: float = 0.2

    def of(self, stage: str, frames: int) -> float:
        """Seconds of a unit's own work."""
        if stage == "analyze":
            return frames * self.analyze_frame
        if stage == "render":
            return frames * self.render_frame
        return {"probe": self.probe, "assemble": self.assemble, "finish": self.finish}[stage]


@dataclass(frozen=True)
class Plan:
    """What is simulated. ``frames``: of a video, median and spread of a log-normal; failures by
    hour of a worker; ``slow_storage``: share of units whose storage takes 50 times as long.
    ``films``: frames of each video, in place of chance."""

    videos: int
    workers: int
    seed: int = 1
    frames: tuple[float, float] = (500.0, 0.8)
    segment: int = 512
    crashes_an_hour: float = 0.02
    reclaims_an_hour: float = 0.05
    away_s: float = 120.0
    lease_s: float = 45.0
    slow_storage: float = 0.01
    shares: tuple[float, float, float] = (0.05, 0.75, 0.2)  # of the priorities
    renders: bool = True
    films: tuple[int, ...] = ()
    costs: Costs = field(default_factory=Costs)


@dataclass
class Outcome:
    """What came out; hours and seconds of simulated time."""

    videos: int
    workers: int
    hours: float
    seconds: float
    videos_per_hour: float
    frames_per_s: float
    busy: float
    redis_busy: float
    lost_units: int
    waited_s: dict[str, float]


SOON_S = 1e-3  # what Redis answers within this is as good as answered


class Unit(NamedTuple):
    """A unit that waits or is in work."""

    video: int
    stage: str
    frames: int
    since: float


class Simulation:
    """Discrete events: a worker ends a unit, a worker comes back, a lease ends."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.chance = random.Random(plan.seed)
        self.now = 0.0
        self.redis_free = self.redis_spent = self.worked = 0.0
        self.events: list[tuple[float, int, str, object]] = []
        self.count = self.lost = self.through = self.frames = 0
        self.left = plan.videos
        self.idle = plan.workers
        self.waiting = {(p, s): deque[Unit]() for p in PRIORITIES for s in STAGES}
        self.open: dict[int, list[int]] = {}  # units to go in a video's stage, and its frames
        self.entered = 0
        self.first: dict[str, list[float]] = {p: [] for p in PRIORITIES}
        edges = (plan.shares[0], plan.shares[0] + plan.shares[1])
        self.edges = edges

    def run(self) -> Outcome:
        """Until every video is through."""
        self._enter()
        while self.left:
            self._start_all()
            self.now, _, what, about = heapq.heappop(self.events)
            if what == "end" and (told := self._call(self.now)) - self.now > SOON_S:
                self._at(told, "told", about)
            elif what in ("end", "told"):
                self._ended(about)  # type: ignore[arg-type]
            elif what == "again":
                self._put(about)  # type: ignore[arg-type]
            else:
                self.idle += 1
        plan, spent = self.plan, max(self.now, 1e-9)
        return Outcome(
            plan.videos,
            plan.workers,
            round(spent / 3600, 3),
            spent,
            round(plan.videos / spent * 3600, 1),
            round(self.frames / spent, 1),
            round(self.worked / (spent * plan.workers), 3),
            round(self.redis_spent / spent, 3),
            self.lost,
            {p: round(_middle(found), 1) for p, found in self.first.items() if found},
        )

    def _enter(self) -> None:
        """Videos enter as there is room, as the window of a job lets them: never all in memory."""
        room = 4 * self.plan.workers + 64
        while self.entered < self.plan.videos and len(self.open) < room:
            video, (middle, spread) = self.entered, self.plan.frames
            frames = max(1, int(middle * math.exp(self.chance.gauss(0.0, spread))))
            if self.plan.films:
                frames = self.plan.films[video]
            self.open[video] = [1, frames]
            self._put(Unit(video, "probe", 0, self.now))
            self.entered += 1

    def _put(self, unit: Unit) -> None:
        self.waiting[(self.priority_of(unit.video), unit.stage)].append(unit)

    def priority_of(self, video: int) -> str:
        """Spread over the videos by the golden ratio, in the plan's shares."""
        return PRIORITIES[sum((video * 0.6180339887) % 1 >= edge for edge in self.edges)]

    def _take(self) -> Unit | None:
        for priority in PRIORITIES:
            for stage in STAGES:
                if queue := self.waiting[(priority, stage)]:
                    return queue.popleft()
        return None

    def _call(self, at: float) -> float:
        """When Redis has answered a call that is made at ``at``."""
        self.redis_free = max(self.redis_free, at) + self.plan.costs.redis_call
        self.redis_spent += self.plan.costs.redis_call
        return self.redis_free

    def _start_all(self) -> None:
        while self.idle and (unit := self._take()) is not None:
            self.idle -= 1
            self._start(unit)

    def _start(self, unit: Unit) -> None:
        plan, costs = self.plan, self.plan.costs
        if unit.stage == "analyze":
            self.first[self.priority_of(unit.video)].append(self.now - unit.since)
        begin = self._call(self.now)
        own = costs.of(unit.stage, unit.frames) * self.chance.uniform(
            1 - costs.jitter, 1 + costs.jitter
        )
        storage = costs.storage_get + costs.storage_put
        if self.chance.random() < plan.slow_storage:
            storage *= 50
        lasts = own + storage + costs.between_s
        hourly = plan.crashes_an_hour + plan.reclaims_an_hour
        if hourly and self.chance.random() < 1 - math.exp(-hourly * lasts / 3600):
            self._fails(unit, begin + lasts * self.chance.random())
            return
        # Leases are renewed every two seconds: work for Redis that nobody waits for.
        renewals = int(lasts / 2) * costs.redis_call
        self.redis_free += renewals
        self.redis_spent += renewals
        self.worked += lasts
        self._at(begin + lasts, "end", unit)

    def _fails(self, unit: Unit, at: float) -> None:
        """A crash leaves its lease to run out; a reclaimed worker gives its unit back."""
        plan = self.plan
        self.lost += 1
        crash = self.chance.random() < plan.crashes_an_hour / (
            plan.crashes_an_hour + plan.reclaims_an_hour
        )
        self._at(at + (plan.lease_s if crash else 0.0), "again", unit)
        self._at(at + (5.0 if crash else plan.away_s), "back", None)

    def _ended(self, unit: Unit) -> None:
        self.idle += 1
        if unit.stage in ("analyze", "render"):
            self.frames += unit.frames
        state = self.open[unit.video]
        state[0] -= 1
        if state[0]:
            return
        frames = state[1]
        following = {
            "probe": "analyze",
            "analyze": "assemble",
            "assemble": "render" if self.plan.renders else "finish",
            "render": "finish",
        }.get(unit.stage)
        if following is None:
            del self.open[unit.video]
            self.left -= 1
            self._enter()
            return
        cut = following in ("analyze", "render")
        parts = math.ceil(frames / self.plan.segment) if cut else 1
        state[0] = parts
        for part in range(parts):
            size = min(self.plan.segment, frames - part * self.plan.segment) if cut else 0
            self._put(Unit(unit.video, following, size, self.now))

    def _at(self, when: float, what: str, about: object) -> None:
        self.count += 1
        heapq.heappush(self.events, (when, self.count, what, about))


def _middle(found: list[float]) -> float:
    return sorted(found)[len(found) // 2]


def main() -> None:
    """Simulate a range of sizes, or compare with real processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=1_000_000)
    parser.add_argument("--workers", default="1,10,100,500,1000,2000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--redis-call", type=float, default=Costs.redis_call)
    parser.add_argument("--csv-only", action="store_true")
    parser.add_argument("--check", action="store_true", help="against real, sleeping processes")
    options = parser.parse_args()
    if options.check:
        from benchmarks.sleepers import compare

        compare()
        return
    for workers in map(int, options.workers.split(",")):
        plan = Plan(
            options.videos,
            workers,
            options.seed,
            renders=not options.csv_only,
            costs=Costs(redis_call=options.redis_call),
        )
        print(json.dumps(asdict(Simulation(plan).run())), flush=True)


if __name__ == "__main__":
    main()
