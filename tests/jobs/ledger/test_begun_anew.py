"""An item whose engine has gone for good does not wait for it for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fer_batch.jobs.ledger.dispatch import Dispatch
from fer_batch.jobs.ledger.heartbeat import beat, forget, note_engine, stranded
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.log import read_log
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.spec import Unit
from fer_batch.jobs.ledger.status import read_status
from tests.jobs.ledger.test_engines import CPU, GPU, later_now, probed
from tests.jobs.ledger.test_ledger import facts, settled

WORKS = {"queues": "analyze,control", "owner": "me"}


def begun_by_gpu(ledger: Ledger) -> tuple[str, list[Unit]]:
    """An item of three units, the first of which a worker has done that is gone; one is in work."""
    job, pending = probed(ledger)
    units = [d.unit for d in pending]
    assert ledger.claim(units[0], "gpu", engine=GPU).verdict == "ok"
    ledger.complete(units[0], frames=10)
    assert ledger.claim(units[1], "gpu", engine=GPU).verdict == "ok"
    beat(ledger, "cpu", WORKS)
    note_engine(ledger, "cpu", CPU)
    assert ledger.claim(units[2], "cpu", engine=CPU).verdict == "other"
    later_now(ledger)
    return job, units


def long_ago(ledger: Ledger) -> None:
    """The engines that are missing have been so for longer than anybody waits."""
    for engine in ledger.client.hkeys(PREFIX + "absent"):
        ledger.client.hset(PREFIX + "absent", engine, 1)


def lease_ends(ledger: Ledger, unit: Unit) -> None:
    ledger.client.zadd(PREFIX + "leases", {f"{unit.job}|{unit.key}": 1})


def begin_anew(ledger: Ledger, units: list[Unit]) -> list[Dispatch]:
    long_ago(ledger)
    lease_ends(ledger, units[1])
    claim = ledger.claim(units[2], "cpu", engine=CPU)
    assert (claim.verdict, claim.detail) == ("anew", GPU)
    return claim.dispatches


def test_after_a_time_it_begins_anew_with_an_engine_that_is_there(ledger: Ledger) -> None:
    job, units = begun_by_gpu(ledger)
    before = read_status(ledger, job)
    assert before is not None and before.items[0].frames_done > 0
    pending = begin_anew(ledger, units)
    assert [d.unit.key for d in pending] == ["0/analyze/3", "0/analyze/4", "0/analyze/5"]
    status = read_status(ledger, job)
    assert status is not None
    (item,) = status.items
    assert (item.frames_done, item.frames_per_s, item.eta_s) == (0, None, None)
    assert [line for line in item.warnings if GPU in line and "anew" in line]
    assert len([e for e in read_log(ledger, job) if "anew" in e.text and GPU in e.text]) == 1
    seen = []
    while pending:
        unit = pending.pop(0).unit
        claim = ledger.claim(unit, "cpu", engine=CPU if unit.stage == "analyze" else "")
        pending += claim.dispatches
        if claim.verdict == "ok":
            seen.append(unit.key)
            pending += ledger.complete(unit, **facts(unit)).dispatches
    assert seen[:4] == ["0/analyze/3", "0/analyze/4", "0/analyze/5", "0/assemble/1"]
    status = read_status(ledger, job)
    assert status is not None and status.state == "done"
    assert status.items[0].frames_done == 40
    settled(ledger)
    assert ledger.client.keys(PREFIX + "turned") == []


def test_not_before_its_time(ledger: Ledger) -> None:
    _, units = begun_by_gpu(ledger)
    lease_ends(ledger, units[1])
    assert ledger.claim(units[2], "cpu", engine=CPU).verdict == "other"


def test_not_while_a_worker_has_it_or_one_is_at_work_on_it(ledger: Ledger) -> None:
    job, units = begun_by_gpu(ledger)
    long_ago(ledger)
    assert ledger.claim(units[2], "cpu", engine=CPU).verdict == "other", "a live lease"
    lease_ends(ledger, units[1])
    beat(ledger, "gpu", {**WORKS, "owner": "gpu"})
    note_engine(ledger, "gpu", GPU)
    note_engine(ledger, "gpu", "of another job's settings")
    ledger.client.hset(PREFIX + "absent", GPU, 1)
    assert ledger.claim(units[2], "cpu", engine=CPU).verdict == "other", "a live worker"
    assert stranded(ledger) == {}, "a worker has an engine for each job's settings"
    later_now(ledger)
    assert ledger.client.hkeys(PREFIX + "absent") == []
    # A worker that draws only is no help, nor one that has been started again as another.
    beat(ledger, "gpu", {"queues": "render", "owner": "gpu"})
    later_now(ledger)
    assert ledger.client.hkeys(PREFIX + "absent") == [GPU]
    beat(ledger, "gpu", {**WORKS, "owner": "gpu"})
    later_now(ledger)
    assert ledger.client.hkeys(PREFIX + "absent") == []
    beat(ledger, "gpu", {**WORKS, "owner": "updated"})
    note_engine(ledger, "gpu", CPU)
    later_now(ledger)
    assert ledger.client.hkeys(PREFIX + "absent") == [GPU]
    assert stranded(ledger) == {f"{job}:0": GPU}


@pytest.mark.parametrize("how", ["nobody looked", "nobody worked"])
def test_after_a_night_without_workers_all_have_their_time_to_come_back(
    ledger: Ledger, how: str
) -> None:
    _, units = begun_by_gpu(ledger)
    long_ago(ledger)
    if how == "nobody looked":
        ledger.client.set(PREFIX + "swept", "1")
    else:
        forget(ledger, "cpu", "me")
        later_now(ledger)
        assert ledger.client.hkeys(PREFIX + "absent") == []
        beat(ledger, "cpu", WORKS)
        note_engine(ledger, "cpu", CPU)
    lease_ends(ledger, units[1])
    later_now(ledger)
    assert float(ledger.client.hget(PREFIX + "absent", GPU)) > 1
    assert ledger.claim(units[2], "cpu", engine=CPU).verdict == "other"


def test_what_an_earlier_attempt_hands_in_is_not_wanted(ledger: Ledger) -> None:
    job, units = begun_by_gpu(ledger)
    (next_one, *_) = begin_anew(ledger, units)
    claim = ledger.claim(next_one.unit, "cpu", engine=CPU)
    assert claim.verdict == "ok"
    assert ledger.renew(units[1], "gpu", 5) == "cancelled"
    assert ledger.fail(units[1], "gpu", "broken", "words")[0] == "gone"
    for unit in units:
        assert not ledger.complete(unit, frames=10).counted
        assert ledger.release(unit, "gpu") == []
        assert ledger.claim(unit, "gpu", engine=GPU).verdict == "gone"
    assert ledger.holder(next_one.unit) == "cpu"
    status = read_status(ledger, job)
    assert status is not None and status.items[0].frames_done == 0
    assert ledger.complete(next_one.unit, frames=10).counted


def test_a_number_that_no_attempt_has_is_not_wanted(ledger: Ledger) -> None:
    job, pending = probed(ledger)
    beyond = Unit(job, 0, "analyze", 3)
    assert ledger.claim(beyond, "me", engine=CPU).verdict == "gone"
    assert not ledger.complete(beyond, frames=10).counted
    assert len(pending) == 3


def test_of_many_that_try_at_once_one_begins(ledger: Ledger) -> None:
    job, units = begun_by_gpu(ledger)
    long_ago(ledger)
    lease_ends(ledger, units[1])

    def take(number: int) -> Any:
        own = Ledger(ledger.settings)
        return own.claim(units[2 if number % 2 else 1], f"w{number}", engine=f"engine {number % 3}")

    with ThreadPoolExecutor(8) as several:
        claims = list(several.map(take, range(16)))
    (begun,) = (claim for claim in claims if claim.verdict == "anew")
    assert {claim.verdict for claim in claims if claim is not begun} == {"gone"}
    handed = [d.unit.key for claim in claims for d in claim.dispatches]
    assert sorted(handed) == ["0/analyze/3", "0/analyze/4", "0/analyze/5"]
    assert [d.unit.job for d in begun.dispatches] == [job] * 3


def test_who_dies_before_it_has_told_anybody_loses_nothing(ledger: Ledger) -> None:
    _, units = begun_by_gpu(ledger)
    begun = [d.unit for d in begin_anew(ledger, units)]  # and publishes none of them
    for key in ledger.client.keys(PREFIX + "out:*"):
        for member in ledger.client.zrange(key, 0, -1):
            ledger.client.zadd(key, {member: 1})
    assert sorted(d.unit.key for d in ledger.sweep()) == [unit.key for unit in begun]


def test_it_can_happen_twice_and_a_retry_goes_on_with_the_last_attempt(ledger: Ledger) -> None:
    job, units = begun_by_gpu(ledger)
    again = [d.unit for d in begin_anew(ledger, units)]
    beat(ledger, "cpu", {**WORKS, "owner": "updated"})
    note_engine(ledger, "cpu", "newer")
    assert ledger.claim(again[0], "cpu", engine="newer").verdict == "other"
    later_now(ledger)
    long_ago(ledger)
    claim = ledger.claim(again[0], "cpu", engine="newer")
    assert (claim.verdict, claim.detail) == ("anew", CPU)
    assert [d.unit.index for d in claim.dispatches] == [6, 7, 8]
    ledger.cancel(job)
    _, pending = ledger.retry(job)
    assert ledger.claim(pending[0].unit, "me").verdict == "ok"
    handed = ledger.complete(pending[0].unit, **facts(pending[0].unit)).dispatches
    assert [d.unit.key for d in handed] == ["0/analyze/6", "0/analyze/7", "0/analyze/8"]
