"""Many jobs: order, fairness, what they cost Redis, and that nothing stays behind."""

from __future__ import annotations

from collections import deque

import pytest

from fer_batch.jobs.broker import Publisher
from fer_batch.jobs.ledger import PREFIX, Handout, Ledger
from fer_batch.jobs.spec import PRIORITIES
from fer_batch.jobs.status import read_status
from tests.jobs.test_ledger import enter, facts


class Worker:
    """One worker over lists in memory, polled as kombu polls Redis: by priority, first in first
    out. Counts the units it has done."""

    def __init__(self, ledger: Ledger, segments: int = 1) -> None:
        self.ledger = ledger
        self.segments = segments
        self.lists: dict[int, deque[Handout]] = {p: deque() for p in (0, 3, 6, 9)}
        self.done = 0

    def take(self, handouts: list[Handout]) -> None:
        for handout in handouts:
            self.lists[handout.priority].append(handout)

    def step(self, segments: int | None = None) -> bool:
        """Do the next unit; False where none waits."""
        for priority in sorted(self.lists):
            if self.lists[priority]:
                unit = self.lists[priority].popleft().unit
                claim = self.ledger.claim(unit, "me")
                self.take(claim.handouts)
                if claim.verdict == "ok":
                    done = self.ledger.complete(unit, **facts(unit, segments or self.segments, 0))
                    self.take(done.handouts)
                self.done += 1
                return True
        return False


def test_a_short_job_does_not_wait_for_a_long_one(ledger: Ledger) -> None:
    """Of 10,000 segments at most a window of each queue lies before the short job's own."""
    worker = Worker(ledger, segments=10_000)
    _, handouts = enter(ledger)
    worker.take(handouts)
    for _ in range(20):
        worker.step()
    short, handouts = enter(ledger)
    worker.take(handouts)
    begun = worker.done
    while True:
        worker.step(segments=1)
        status = read_status(ledger, short)
        assert status is not None
        if status.final:
            break
    # Its five units, each behind at most one window of the long job's.
    assert worker.done - begun <= 5 * (1 + ledger.settings.window)


def test_high_priority_goes_first(ledger: Ledger) -> None:
    worker = Worker(ledger)
    for _ in range(50):
        worker.take(enter(ledger)[1])
    urgent, handouts = enter(ledger, step=PRIORITIES["high"])
    worker.take(handouts)
    for _ in range(5):
        worker.step()
    status = read_status(ledger, urgent)
    assert status is not None and status.state == "done"


@pytest.mark.faults
def test_a_thousand_jobs_run_to_their_end_and_leave_nothing_behind(ledger: Ledger) -> None:
    worker = Worker(ledger)
    before = set(ledger.client.keys("*")) | {f"{PREFIX}epoch"}
    jobs = []
    for _ in range(1000):
        job, handouts = enter(ledger)
        jobs.append(job)
        worker.take(handouts)
    late, handouts = enter(ledger, step=PRIORITIES["high"])
    worker.take(handouts)
    for _ in range(5):
        worker.step()
    status = read_status(ledger, late)
    assert status is not None and status.state == "done", "an urgent job waits for nobody"
    while worker.step():
        pass
    assert ledger.client.zcard(f"{PREFIX}active") == 0
    assert ledger.client.zcard(f"{PREFIX}leases") == 0
    for job in (*jobs, late):
        ledger.remove(job)
    left = {key for key in ledger.client.keys("*") if not key.startswith(f"{PREFIX}mark")}
    assert left == before


@pytest.mark.faults
@pytest.mark.parametrize(("jobs", "segments"), [(1, 10_000), (10_000, 1)])
def test_ten_thousand_queued_segments_cost_less_than_fifty_megabytes(
    ledger: Ledger, jobs: int, segments: int
) -> None:
    """Ledger and messages together, as one long film and as ten thousand short clips."""
    client = ledger.client
    before = client.info("memory")["used_memory"]
    publish = Publisher(ledger.settings)
    for _ in range(jobs):
        _, handouts = enter(ledger)
        publish(handouts)
        if jobs == 1:
            unit = handouts[0].unit
            ledger.claim(unit, "me")
            done = ledger.complete(unit, **facts(unit, segments))
            publish(done.handouts)
    used = client.info("memory")["used_memory"] - before
    publish.close()
    print(f"{jobs} jobs of {segments} segments: {used / 10_000:.0f} bytes a segment")
    assert used < 50e6
