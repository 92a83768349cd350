"""The ledger's scripts against a real Redis, without workers."""

from __future__ import annotations

import random
import time
from importlib import resources
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fer_batch.jobs.ledger.calls import COMMON, SCRIPTS
from fer_batch.jobs.ledger.dispatch import Dispatch
from fer_batch.jobs.ledger.heartbeat import beat, workers
from fer_batch.jobs.ledger.lease import Lease
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.log import read_log
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.spec import Unit, new_job_id
from fer_batch.jobs.ledger.status import list_jobs, read_status

PLAN: dict[str, Any] = {"frames": 40, "segments": 3, "renders": 1, "warnings": "[]"}


def enter(ledger: Ledger, items: int = 1, step: int = 3) -> tuple[str, list[Dispatch]]:
    job = new_job_id()
    fields = {
        "v": 1,
        "name": "test",
        "priority": "normal",
        "step": step,
        "window": ledger.settings.window,
        "created": time.time(),
    }
    entries = [{"input": f"in/{i}.mp4", "name": str(i)} for i in range(items)]
    return job, ledger.create(job, fields, entries)


def facts(unit: Unit, segments: int = 3, renders: int = 1) -> dict[str, Any]:
    if unit.stage == "probe":
        return {**PLAN, "segments": segments, "renders": renders}
    return {"frames": 10} if unit.stage in ("analyze", "render") else {}


def do(ledger: Ledger, dispatch: Dispatch) -> list[Dispatch]:
    claim = ledger.claim(dispatch.unit, "me")
    if claim.verdict != "ok":
        return claim.dispatches
    return claim.dispatches + ledger.complete(dispatch.unit, **facts(dispatch.unit)).dispatches


def settled(ledger: Ledger) -> None:
    kinds = ("leases", "holders", "later", "out:*", "live:*", "ready:*", "done:*", "tries:*")
    for kind in (*kinds, "item:*", "retries:*", "progress:*", "active"):
        assert ledger.client.keys(PREFIX + kind) == [], kind


def test_a_job_runs_through_its_stages_in_order(ledger: Ledger) -> None:
    job, pending = enter(ledger)
    seen = []
    while pending:
        dispatch = pending.pop(0)
        seen.append(dispatch.unit.key)
        pending += do(ledger, dispatch)
    expected = ["0/probe/0", *(f"0/analyze/{i}" for i in range(3)), "0/assemble/0"]
    expected += [*(f"0/render/{i}" for i in range(3)), "0/finish/0", "-1/index/0"]
    assert seen == expected
    status = read_status(ledger, job)
    assert status is not None and status.state == "done"
    assert [(i.state, i.frames_done, i.frames_total) for i in status.items] == [("done", 40, 40)]
    settled(ledger)


def test_without_pictures_nothing_is_rendered(ledger: Ledger) -> None:
    _, pending = enter(ledger)
    stages = []
    while pending:
        unit = pending.pop(0).unit
        stages.append(unit.stage)
        ledger.claim(unit, "me")
        pending += ledger.complete(unit, **facts(unit, segments=1, renders=0)).dispatches
    assert stages == ["probe", "analyze", "assemble", "finish", "index"]


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(seed=2**32, items=1, segments=4, renders=1, trouble=0.46875)  # the index is given up
@given(
    seed=st.integers(0, 2**32),
    items=st.integers(1, 6),
    segments=st.integers(1, 7),
    renders=st.integers(0, 1),
    trouble=st.floats(0, 0.6),
)
def test_whatever_goes_wrong_every_item_ends_once(
    ledger: Ledger, seed: int, items: int, segments: int, renders: int, trouble: float
) -> None:
    """Workers die, messages are lost and doubled, results come twice and late, at random."""
    ledger.client.flushall()
    chance = random.Random(seed)
    job, messages = enter(ledger, items)
    ends: list[str] = []
    late: list[Unit] = []
    index_given_up = False
    for _ in range(3000):
        if not messages:
            if not ledger.client.exists(f"{PREFIX}active"):
                break
            messages += lapse(ledger)
            continue
        dispatch = messages.pop(chance.randrange(min(len(messages), 4)))
        if chance.random() < trouble / 3:
            messages.append(dispatch)  # delivered twice
        if chance.random() < trouble / 3:
            continue  # lost
        claim = ledger.claim(dispatch.unit, f"worker {chance.random()}")
        messages += claim.dispatches
        if claim.verdict != "ok":
            index_given_up |= (claim.verdict, dispatch.unit.stage) == ("poison", "index")
            continue
        assert ledger.client.scard(f"{PREFIX}live:{job}:{dispatch.queue}") <= (
            ledger.settings.window + 1
        )
        fate = chance.random()
        if fate < trouble / 3:
            late.append(dispatch.unit)  # stopped for so long that it counts as dead
            continue
        done = ledger.complete(dispatch.unit, **facts(dispatch.unit, segments, renders))
        ends += [done.ended] if done.ended else []
        if fate < 1 - trouble / 3:
            messages += done.dispatches  # else it died before it published
        if late and chance.random() < trouble:
            unit = late.pop()
            more = ledger.complete(unit, **facts(unit, segments, renders))
            ends += [more.ended] if more.ended else []
            messages += more.dispatches
    status = read_status(ledger, job)
    assert status is not None and status.final
    states = [item.state for item in status.items]
    assert set(states) <= {"done", "failed"}
    # Only a unit that was begun three times without a word may be given up.
    assert all("given up" in (i.error or "") for i in status.items if i.state == "failed")
    # A claim that gives up the last unit of all ends the job without any completion.
    assert ends.count("job") == (0 if index_given_up else 1)
    assert ends.count("item") == states.count("done")
    settled(ledger)


def lapse(ledger: Ledger) -> list[Dispatch]:
    """Time passes: leases end, what has no message is found out."""
    client = ledger.client
    for kind in ("leases", "later", *(f"out:{q}:3" for q in ("control", "analyze", "render"))):
        for member in client.zrange(PREFIX + kind, 0, -1):
            client.zadd(PREFIX + kind, {member: 1})
    return ledger.sweep()


def test_a_live_lease_keeps_others_away_a_dead_owner_does_not(ledger: Ledger) -> None:
    _, (dispatch,) = enter(ledger)
    assert ledger.claim(dispatch.unit, "a").verdict == "ok"
    second = ledger.claim(dispatch.unit, "b")
    assert (second.verdict, second.detail) == ("busy", "a")
    assert ledger.claim(dispatch.unit, "b", dead="a").verdict == "ok"
    assert ledger.renew(dispatch.unit, "a", 5) == "lost"
    assert ledger.renew(dispatch.unit, "b", 5) == "ok"


def test_three_silent_ends_fail_the_item_not_the_job(ledger: Ledger) -> None:
    job, messages = enter(ledger, 2)
    bad, good = messages
    for _ in range(3):
        assert ledger.claim(bad.unit, "a").verdict == "ok"
        lapse(ledger)
    assert ledger.claim(bad.unit, "a").verdict == "poison"
    pending = [good]
    while pending:
        pending += do(ledger, pending.pop())
    status = read_status(ledger, job)
    assert status is not None and status.state == "failed"
    assert [item.state for item in status.items] == ["failed", "done"]
    assert "given up after 3 attempts" in (status.items[0].error or "")
    settled(ledger)


def test_orderly_release_does_not_count_as_an_attempt(ledger: Ledger) -> None:
    _, (dispatch,) = enter(ledger)
    for _ in range(10):
        assert ledger.claim(dispatch.unit, "a").verdict == "ok"
        assert ledger.release(dispatch.unit, "a") == [dispatch]


def test_retryable_errors_wait_and_end(ledger: Ledger) -> None:
    job, (dispatch,) = enter(ledger)
    for count in range(2):
        ledger.claim(dispatch.unit, "a")
        assert ledger.fail(dispatch.unit, "a", "storage", "storage is away", 2)[0] == "later"
        assert ledger.sweep() == [], "not before its time"
        assert [h.unit for h in lapse(ledger)] == [dispatch.unit], count
    ledger.claim(dispatch.unit, "a")
    assert ledger.fail(dispatch.unit, "a", "storage", "storage is away", 2)[0] == "failed"
    status = read_status(ledger, job)
    assert status is not None and status.items[0].error == "storage is away"


def test_who_has_lost_the_lease_cannot_fail_the_unit(ledger: Ledger) -> None:
    _, (dispatch,) = enter(ledger)
    unit = dispatch.unit
    ledger.claim(unit, "late")
    lapse(ledger)
    assert ledger.claim(unit, "other").verdict == "ok"
    for retries in (0, 2):
        assert ledger.fail(unit, "late", "storage", "storage is away", retries) == ("lost", [])
    assert ledger.holder(unit) == "other"
    assert ledger.renew(unit, "other", 1) == "ok"
    # What is finished is finished, whoever says so: names and bytes are the same.
    assert ledger.complete(unit, **PLAN).counted


def test_cancel_then_retry_starts_unfinished_items_over(ledger: Ledger) -> None:
    job, messages = enter(ledger, 3)
    pending = [messages[0]]
    while pending:  # one item to its end
        dispatch = pending.pop()
        if dispatch.unit.item == 0:
            pending += do(ledger, dispatch)
    running = messages[1].unit
    ledger.claim(running, "a")
    assert ledger.cancel(job) == "running"
    assert ledger.renew(running, "a", 1) == "cancelled"
    assert not ledger.complete(running, **PLAN).counted
    status = read_status(ledger, job)
    assert status is not None
    assert [item.state for item in status.items] == ["done", "cancelled", "cancelled"]
    settled(ledger)
    (listed,), _ = list_jobs(ledger)
    assert (listed.count, listed.unfinished) == (3, 2), "cancelled is not ended"
    count, pending = ledger.retry(job)
    assert count == 2
    (listed,), _ = list_jobs(ledger)
    assert (listed.count, listed.unfinished) == (3, 2)
    assert ledger.retry(job)[0] == -2, "it runs again"
    while pending:
        pending += do(ledger, pending.pop())
    status = read_status(ledger, job)
    assert status is not None and status.state == "done"
    # What the first try had done is found at once: that is no speed.
    assert [item.frames_per_s is None for item in status.items] == [False, True, True]
    (listed,), _ = list_jobs(ledger)
    assert listed.unfinished == 0
    settled(ledger)


def test_a_worker_is_seen_at_its_unit_at_once(ledger: Ledger) -> None:
    _, (message, *_) = enter(ledger)
    assert ledger.claim(message.unit, "me").verdict == "ok"
    beat(ledger, "w1", {"queues": "analyze"})
    # The next time that the lease is renewed and the worker noted is an hour away.
    ledger.settings = ledger.settings.model_copy(update={"poll_s": 3600.0, "lease_s": 14400.0})

    def at() -> str:
        return next(worker.unit for worker in workers(ledger) if worker.name == "w1")

    with Lease(ledger, message.unit, "me", lambda: False, "w1"):
        end = time.monotonic() + 30
        while not at() and time.monotonic() < end:
            time.sleep(0.01)
        assert at() == f"{message.unit.job} {message.unit.key}"
    assert at() == ""


def test_priorities_and_aging(ledger: Ledger) -> None:
    _, (low,) = enter(ledger, step=6)
    assert low.priority == 6
    client = ledger.client
    (member,) = client.zrange(f"{PREFIX}out:control:6", 0, -1)
    client.zadd(f"{PREFIX}out:control:6", {member: time.time() - ledger.settings.aging_s - 1})
    # Its message is still there, behind many others: a newer one has not been started yet.
    client.rpush("fb:q:control:6", "message")
    (aged,) = ledger.sweep()
    assert (aged.unit, aged.priority) == (low.unit, 3)


def test_waiting_messages_are_not_doubled(ledger: Ledger) -> None:
    """A queue that nobody serves for long does not fill up with copies."""
    _, (dispatch,) = enter(ledger)
    client = ledger.client
    client.rpush("fb:q:control:3", "message")
    (member,) = client.zrange(f"{PREFIX}out:control:3", 0, -1)
    client.zadd(f"{PREFIX}out:control:3", {member: time.time() - 300})
    assert ledger.sweep() == []
    client.delete("fb:q:control:3")
    assert [h.unit for h in ledger.sweep()] == [dispatch.unit]


def test_lists_pages_and_logs(ledger: Ledger) -> None:
    names = [enter(ledger)[0] for _ in range(7)]
    ledger.cancel(names[3])
    found, total = list_jobs(ledger, limit=3, offset=2)
    assert total == 7 and len(found) == 3
    found, total = list_jobs(ledger, state="cancelled")
    assert [job.job_id for job in found] == [names[3]] and total == 1
    assert [event.text for event in read_log(ledger, names[3])] == [
        "submitted with 1 input",
        "cancelled",
    ]


def test_removal_leaves_no_key(ledger: Ledger) -> None:
    before = set(ledger.client.keys("*"))
    names = [enter(ledger, 3)[0] for _ in range(5)]
    for name in names:
        ledger.cancel(name)
        assert ledger.remove(name)
        assert not ledger.remove(name)
    assert set(ledger.client.keys("*")) == before


@pytest.mark.parametrize("key", ["", "x", "1/probe", "1/unknown/2", "a/probe/0", "1/probe/0/../"])
def test_nonsense_is_no_unit(key: str) -> None:
    with pytest.raises(Exception, match="not a unit"):
        Unit.parse(new_job_id(), key)


def test_names_stand_in_python_alone() -> None:
    """What scripts and Python share is written once: no script spells a key's prefix or a queue."""
    folder = resources.files("fer_batch.jobs.ledger") / "lua"
    for script in (*(f"{name}.lua" for name in SCRIPTS), *COMMON):
        lines = (folder / script).read_text().splitlines()
        code = "\n".join(line.split("--")[0] for line in lines)
        assert f"'{PREFIX}" not in code, script
        assert "QUEUE_OF = " not in code and "QUEUES = " not in code, script
