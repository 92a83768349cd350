"""Many jobs: order, fairness, what they cost Redis, and that nothing stays behind."""

from __future__ import annotations

from collections import deque

import pytest

from fer_batch.jobs.ledger.dispatch import Dispatch
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.spec import PRIORITIES
from fer_batch.jobs.ledger.status import read_status
from fer_batch.jobs.queue.broker import Publisher
from tests.jobs.ledger.test_ledger import enter, facts


class Worker:
    """One worker over lists in memory, polled as kombu polls Redis: by priority, first in first
    out. Counts the units it has done."""

    def __init__(self, ledger: Ledger, segments: int = 1) -> None:
        self.ledger = ledger
        self.segments = segments
        self.lists: dict[int, deque[Dispatch]] = {p: deque() for p in (0, 3, 6, 9)}
        self.done = 0

    def take(self, dispatches: list[Dispatch]) -> None:
        for dispatch in dispatches:
            self.lists[dispatch.priority].append(dispatch)

    def step(self, segments: int | None = None) -> bool:
        """Do the next unit; False where none waits."""
        for priority in sorted(self.lists):
            if self.lists[priority]:
                unit = self.lists[priority].popleft().unit
                claim = self.ledger.claim(unit, "me")
                self.take(claim.dispatches)
                if claim.verdict == "ok":
                    done = self.ledger.complete(unit, **facts(unit, segments or self.segments, 0))
                    self.take(done.dispatches)
                self.done += 1
                return True
        return False


def test_a_short_job_does_not_wait_for_a_long_one(ledger: Ledger) -> None:
    """Of 10,000 segments at most a window of each queue lies before the short job's own."""
    worker = Worker(ledger, segments=10_000)
    _, dispatches = enter(ledger)
    worker.take(dispatches)
    for _ in range(20):
        worker.step()
    short, dispatches = enter(ledger)
    worker.take(dispatches)
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
    urgent, dispatches = enter(ledger, step=PRIORITIES["high"])
    worker.take(dispatches)
    for _ in range(5):
        worker.step()
    status = read_status(ledger, urgent)
    assert status is not None and status.state == "done"


@pytest.mark.faults
def test_a_thousand_jobs_run_to_their_end_and_leave_nothing_behind(ledger: Ledger) -> None:
    worker = Worker(ledger)
    before = set(ledger.client.keys("*"))
    jobs = []
    for _ in range(1000):
        job, dispatches = enter(ledger)
        jobs.append(job)
        worker.take(dispatches)
    late, dispatches = enter(ledger, step=PRIORITIES["high"])
    worker.take(dispatches)
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
        _, dispatches = enter(ledger)
        publish(dispatches)
        if jobs == 1:
            unit = dispatches[0].unit
            ledger.claim(unit, "me")
            done = ledger.complete(unit, **facts(unit, segments))
            publish(done.dispatches)
    used = client.info("memory")["used_memory"] - before
    publish.close()
    print(f"{jobs} jobs of {segments} segments: {used / 10_000:.0f} bytes a segment")
    assert used < 50e6
