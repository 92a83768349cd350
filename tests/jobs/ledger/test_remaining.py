"""The remaining time of jobs: right within a fifth from a tenth of the way on."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.remaining import ItemWork, Pace, Spent, remaining_s
from fer_batch.jobs.ledger.spec import Unit
from fer_batch.jobs.ledger.status import read_status
from tests.jobs.ledger.test_ledger import enter, facts

SEGMENT = 512
ORDER = ("finish", "assemble", "probe", "render", "analyze")  # in which a worker takes units


@dataclass
class Film:
    """An input as a worker sees it."""

    frames: int
    probed: bool = False
    analyzed: int = 0
    drawn: int = 0
    at_work: int = 0
    stage: str = "probe"

    def units(self, stage: str) -> list[int]:
        """Frames of each unit of a stage; 0 for what has none."""
        if stage not in ("analyze", "render"):
            return [0]
        rest = self.frames
        found = []
        while rest > 0:
            found.append(min(rest, SEGMENT))
            rest -= SEGMENT
        return found


class Marks:
    """What `complete.lua` keeps of a job that began at 0."""

    def __init__(self) -> None:
        self.units = self.analyzed = self.drawn = 0
        self.pace: tuple[float, int, int, int, int] | None = None
        self.before: tuple[float, int, int, int, int] | None = None

    def ended(self, now: float, stage: str, frames: int, inputs: int) -> None:
        """A unit has ended, and so many inputs have until now."""
        if stage not in ("analyze", "render"):
            return
        self.analyzed += frames if stage == "analyze" else 0
        self.drawn += frames if stage == "render" else 0
        self.units += 1
        last = self.pace[4] if self.pace else 0
        if self.units - last >= max(12, self.units / 6):
            self.before = self.pace
            self.pace = (now, self.analyzed, self.drawn, inputs, self.units)

    def lately(self, now: float, inputs: int) -> Pace | None:
        if self.before is None:
            return None
        at, analyzed, drawn, ended, _ = self.before
        return Pace(now - at, self.analyzed - analyzed, self.drawn - drawn, inputs - ended)


NEXT = {"probe": "analyze", "analyze": "assemble", "assemble": "render", "render": "finish"}


@dataclass(frozen=True)
class Course:
    """``workers`` at first, and from the time on when a third of all frames has been analysed; 0:
    by chance, all the time. ``slower``: how many times as long each unit takes from then on.
    ``short``: inputs so short that stages which do not go by frames take a third of the time."""

    workers: tuple[int, int] = (0, 0)
    slower: float = 1.0
    short: bool = False

    @property
    def changes(self) -> bool:
        return any(self.workers) or self.slower != 1.0

    def films(self, chance: random.Random) -> list[Film]:
        count = 80 if self.changes else chance.randint(20, 60)
        middle = 4.0 if self.short else 7.5
        return [Film(int(chance.lognormvariate(middle, 0.7)) + 50) for _ in range(count)]


def play(seed: int, course: Course = Course()) -> list[tuple[float, float, float]]:
    """A job of random films and costs; (moment, estimate, truth) whenever a unit ends. Those before
    a change are left out."""
    chance = random.Random(seed)
    films = course.films(chance)
    usual, ratio = chance.randint(1, 4), chance.uniform(1.0, 3.5)
    pace, changed = Marks(), 0.0
    cost = {"analyze": 0.004, "render": 0.004 * ratio}
    other = {"probe": 0.1, "assemble": 0.3, "finish": 0.4}
    seconds: dict[str, float] = {}
    ready = [(film, "probe", 0) for film in films]
    busy: list[tuple[float, int, Film, str, int, float]] = []
    said: list[tuple[float, float | None]] = []
    now, count = 0.0, 0
    while ready or busy:
        third = sum(f.analyzed for f in films) * 3 > sum(f.frames for f in films)
        crew = course.workers[third] or usual
        changed = changed or now * third
        while ready and len(busy) < crew:
            film, stage, frames = ready.pop(0)
            lasts = (frames * cost[stage] if frames else other[stage]) * chance.uniform(0.7, 1.3)
            lasts *= course.slower if third else 1.0
            # The first unit of a worker loads a model.
            lasts += 3.0 if count < crew and not course.short else 0.0
            heapq.heappush(busy, (now + lasts, count, film, stage, frames, lasts))
            count += 1
        now, _, film, stage, frames, lasts = heapq.heappop(busy)
        seconds[stage] = seconds.get(stage, 0.0) + lasts
        pace.ended(now, stage, frames, sum(f.stage == "done" for f in films))
        film.probed = True
        if stage == "analyze":
            film.analyzed += frames
        elif stage == "render":
            film.drawn += frames
        film.at_work -= 1
        if film.at_work <= 0:
            film.stage = NEXT.get(stage, "done")
            if film.stage != "done":
                units = [(film, film.stage, n) for n in film.units(film.stage)]
                film.at_work = len(units)
                # Near its end first, as workers do; what is probed waits behind what was before.
                ready[:0] = units if film.stage in ("assemble", "finish") else []
                ready += [] if film.stage in ("assemble", "finish") else units
                ready.sort(key=lambda unit: ORDER.index(unit[1]))
        work = [
            ItemWork(
                f.frames if f.probed else 0,
                f.analyzed,
                f.drawn,
                True,
                f.stage == "done",
                f.stage in ("render", "finish"),
            )
            for f in films
        ]
        spent = Spent(dict(seconds), sum(f.analyzed for f in films), sum(f.drawn for f in films))
        late = pace.lately(now, sum(f.stage == "done" for f in films))
        said.append((now, remaining_s(work, spent, now, ratio, late)))
    since = changed if course.changes else 0.0
    return [(at, left, now - at) for at, left in said if left is not None and at >= since]


@pytest.mark.parametrize("seed", range(10))
def test_right_within_a_fifth_from_a_tenth_on(seed: int) -> None:
    """Of ten jobs; near the end, where a fifth is less than a unit, within two units."""
    estimates = play(seed)
    whole = estimates[-1][0]
    for at, left, truth in estimates:
        if at > whole / 10:
            assert abs(left - truth) <= max(0.2 * truth, 8.0), (at, left, truth, whole)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("workers", [(2, 8), (8, 2)], ids=["more", "fewer"])
def test_workers_come_and_go(seed: int, workers: tuple[int, int]) -> None:
    """Right again before half of what is left then has been done: as far off as a fifth, or the
    two units that each worker may be in the middle of."""
    estimates = play(seed, Course(workers))
    begin, whole = estimates[0][0], estimates[-1][0]
    for at, left, truth in estimates:
        if at > (begin + whole) / 2:
            assert abs(left - truth) <= max(0.2 * truth, 16.0), (at, left, truth, begin, whole)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("slower", [0.25, 4.0], ids=["faster", "slower"])
def test_machines_get_slower_and_faster(seed: int, slower: float) -> None:
    """Other work comes and goes: right again before half of what is left then has been done, but
    for two units of each worker."""
    estimates = play(seed, Course(slower=slower))
    begin, whole = estimates[0][0], estimates[-1][0]
    allowed = 16.0 * max(slower, 1.0)
    for at, left, truth in estimates:
        if at > (begin + whole) / 2:
            assert abs(left - truth) <= max(0.2 * truth, allowed), (at, left, truth, begin, whole)


@pytest.mark.parametrize("seed", range(10))
def test_right_where_much_of_the_time_goes_into_other_stages(seed: int) -> None:
    """But for two units of each worker, of half a second."""
    estimates = play(seed, Course(short=True))
    whole = estimates[-1][0]
    for at, left, truth in estimates:
        if at > whole / 4:
            assert abs(left - truth) <= max(0.2 * truth, 4.0), (at, left, truth, whole)


def test_nothing_is_said_before_there_is_something_to_go_by() -> None:
    items = [ItemWork(100, 0, 0, True, False)]
    assert remaining_s(items, Spent({}, 0, 0), 5.0) is None
    assert remaining_s([ItemWork(1, 1, 1, True, True)], Spent({}, 0, 0), 5.0) == 0.0


@given(
    st.lists(
        st.builds(
            ItemWork,
            st.integers(0, 10**6),
            st.integers(0, 10**6),
            st.integers(0, 10**6),
            st.booleans(),
            st.booleans(),
        ),
        min_size=1,
        max_size=8,
    ),
    st.floats(0.001, 1e6),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)
def test_never_negative_never_wild(
    items: list[ItemWork], elapsed: float, analyzed: int, drawn: int
) -> None:
    seconds = {"analyze": 3.0, "render": 2.0, "probe": 0.1}
    lately = Pace(elapsed / 3, analyzed // 2, drawn // 2, len(items) // 2)
    found = remaining_s(items, Spent(seconds, analyzed, drawn), elapsed, lately=lately)
    assert found is None or 0.0 <= found < float("inf")


def test_a_real_ledger_tells_it(ledger: Ledger) -> None:
    job, dispatches = enter(ledger, items=2)
    waiting = list(dispatches)
    said = []
    while waiting:
        unit = waiting.pop(0).unit
        assert ledger.claim(unit, "me").verdict == "ok"
        result = facts(unit, segments=2)
        done = ledger.complete(unit, **result, seconds=1.0)
        waiting += done.dispatches
        status = read_status(ledger, job)
        assert status is not None
        said.append(status.eta_s)
    assert said[0] is None and said[-1] is None
    known = [left for left in said if left is not None]
    assert len(known) >= 8 and all(left >= 0 for left in known)
    costs = ledger.client.hgetall("fb:costs")
    assert costs["analyze_frames"] == "40" and float(costs["render_s"]) == 4.0
    assert Unit.parse(job, "0/probe/0")


def test_the_ledger_marks_two_moments_of_a_job(ledger: Ledger) -> None:
    """As `Marks` does, which the estimates above are made with."""
    job, dispatches = enter(ledger, items=16)
    waiting, marks, begin = list(dispatches), Marks(), ledger.now()
    while waiting:
        unit = waiting.pop(0).unit
        assert ledger.claim(unit, "me").verdict == "ok"
        result = facts(unit, segments=2)
        done = ledger.complete(unit, **result, seconds=1.5)
        waiting += done.dispatches
        fields, _ = ledger.dump(job)
        if unit.stage == "index":
            break
        inputs = 16 - int(fields["left"])
        marks.ended(ledger.now(), unit.stage, result.get("frames", 0), inputs)
        for name in ("units", "analyzed", "drawn"):
            assert int(fields.get(name, 0)) == getattr(marks, name), name
        for name, mark in (("pace", marks.pace), ("pace_before", marks.before)):
            found = [float(word) for word in fields.get(name, "").split()]
            assert found[1:] == list(mark[1:] if mark else ())
            assert not mark or begin - 0.01 <= found[0] <= mark[0]
        status = read_status(ledger, job)
        assert status is not None and (status.eta_s is None or status.eta_s >= 0)
    assert marks.units == 16 * 4 and marks.before is not None


def test_what_was_done_before_a_rebuilding_is_no_pace() -> None:
    """Of 600 frames 500 were there already; 100 took ten seconds, so 400 take forty."""
    work = [ItemWork(1000, 600, 0, False, False, False)]
    spent = Spent({"analyze": 10.0}, 100, 0, free_analyzed=500)
    assert remaining_s(work, spent, 10.0) == pytest.approx(40, rel=0.05)
