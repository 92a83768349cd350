"""An item that one engine has begun is left to it, and stops nobody else."""

from __future__ import annotations

import time
from typing import Any

from fer_batch.jobs.ledger.dispatch import Dispatch
from fer_batch.jobs.ledger.heartbeat import beat, note_engine, stranded
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.status import read_status
from tests.jobs.ledger.test_ledger import do, enter, facts

CPU, GPU = "classifier litert 2.1", "classifier keras 3.11, gpu"


def probed(ledger: Ledger, items: int = 1) -> tuple[str, list[Dispatch]]:
    job, pending = enter(ledger, items)
    while any(d.unit.stage == "probe" for d in pending):
        place = next(i for i, d in enumerate(pending) if d.unit.stage == "probe")
        pending += do(ledger, pending.pop(place))
    return job, pending


def later_now(ledger: Ledger) -> list[Dispatch]:
    for member in ledger.client.zrange(PREFIX + "later", 0, -1):
        ledger.client.zadd(PREFIX + "later", {member: 1})
    return ledger.sweep()


def test_who_begins_decides_and_others_leave_it(ledger: Ledger) -> None:
    _, pending = probed(ledger)
    first, second, third = (d.unit for d in pending)
    assert ledger.claim(first, "gpu", engine=GPU).verdict == "ok"
    claim = ledger.claim(second, "cpu", engine=CPU)
    assert (claim.verdict, claim.detail) == ("other", GPU)
    assert ledger.claim(third, "gpu", engine=GPU).verdict == "ok"
    # It costs no attempt, and comes again.
    for _ in range(5):
        assert [d.unit for d in later_now(ledger)] == [second]
        assert ledger.claim(second, "cpu", engine=CPU).verdict == "other"
    assert [d.unit for d in later_now(ledger)] == [second]
    claim = ledger.claim(second, "gpu", engine=GPU)
    assert (claim.verdict, claim.detail) == ("ok", "1")
    assert ledger.turned_away() == {}


def test_units_that_are_left_do_not_fill_the_window(ledger: Ledger) -> None:
    job, pending = probed(ledger, items=3)
    mine = [d for d in pending if d.unit.stage == "analyze" and d.unit.item == 0]
    assert ledger.claim(mine[0].unit, "gpu", engine=GPU).verdict == "ok"
    queue, done = [d for d in pending if d != mine[0]], set[Any]()
    while queue:
        unit = queue.pop(0).unit
        claim = ledger.claim(unit, "cpu", engine=CPU if unit.stage == "analyze" else "")
        queue += claim.dispatches
        if claim.verdict == "ok":
            done.add((unit.item, unit.stage))
            queue += ledger.complete(unit, **facts(unit)).dispatches
    status = read_status(ledger, job)
    assert status is not None
    assert [item.state for item in status.items] == ["running", "done", "done"]
    assert (0, "analyze") not in done


def test_it_is_said_where_no_worker_can(ledger: Ledger) -> None:
    job, pending = probed(ledger)
    first, second, _ = (d.unit for d in pending)
    ledger.claim(first, "gpu", engine=GPU)
    ledger.claim(second, "cpu", engine=CPU)
    about = {"queues": "analyze,control", "version": "1"}
    beat(ledger, "one", about)
    assert stranded(ledger) == {}, "who has made no numbers yet may be able to"
    note_engine(ledger, "one", CPU)
    assert stranded(ledger) == {f"{job}:0": GPU}
    status = read_status(ledger, job)
    assert status is not None
    (line,) = status.items[0].warnings
    assert GPU in line and "worker" in line
    beat(ledger, "two", about)
    note_engine(ledger, "two", GPU)
    assert stranded(ledger) == {}
    ledger.cancel(job)
    assert ledger.turned_away() == {}


def test_an_unknown_worker_is_not_made_by_its_engine(ledger: Ledger) -> None:
    note_engine(ledger, f"nobody-{time.time()}", CPU)
    assert ledger.client.keys(PREFIX + "worker:*") == []
