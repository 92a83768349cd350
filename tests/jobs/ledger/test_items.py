"""Items of a job: those that have ended lie together, however many there are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fer_batch.errors import BrokerError
from fer_batch.jobs.ledger.items import read_items
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.spec import Unit
from fer_batch.jobs.ledger.status import read_status
from tests.jobs.ledger.test_ledger import do, enter, lapse, settled


def finished(ledger: Ledger, items: int, fails: int = 0) -> str:
    """A job that has ended; the first ``fails`` items of it failed."""
    job, pending = enter(ledger, items)
    while pending:
        dispatch = pending.pop(0)
        if dispatch.unit.item in range(fails):
            assert ledger.claim(dispatch.unit, "me").verdict == "ok"
            pending += ledger.fail(dispatch.unit, "me", "broken", "cannot be read")[1]
        else:
            pending += do(ledger, dispatch)
    return job


def spread_out(ledger: Ledger, job: str) -> None:
    """Keep a job that has ended as versions before this one did: a key for each item."""
    for index, text in ledger.client.hgetall(f"{PREFIX}ended:{job}").items():
        ledger.client.hset(f"{PREFIX}item:{job}:{index}", mapping=json.loads(text))
    ledger.client.delete(f"{PREFIX}ended:{job}")


@pytest.mark.parametrize("items", [1, 40])
def test_keys_do_not_grow_with_what_has_ended(ledger: Ledger, items: int) -> None:
    job = finished(ledger, items, fails=1)
    of_job = {key.removeprefix(PREFIX) for key in ledger.client.keys(f"*{job}*")}
    assert of_job == {f"job:{job}", f"ended:{job}", f"log:{job}"}


def test_an_ended_item_has_every_field_that_it_had(ledger: Ledger) -> None:
    job, pending = enter(ledger)
    before: dict[str, str] = {}
    while pending:
        dispatch = pending.pop(0)
        if dispatch.unit.stage == "finish":
            assert ledger.claim(dispatch.unit, "me").verdict == "ok"
            before = ledger.client.hgetall(f"{PREFIX}item:{job}:0")
            pending += ledger.complete(dispatch.unit, warnings='["a \\"word\\" / ü"]').dispatches
        else:
            pending += do(ledger, dispatch)
    (after,) = ledger.dump(job)[1]
    assert after.pop("finished") and before
    changed = {"state": "done", "stage": "", "warnings": '["a \\"word\\" / ü"]'}
    assert after == before | changed


class Between:
    """A client between whose first two readings something happens."""

    def __init__(self, client: Any, happens: Callable[[], object]) -> None:
        self._client, self._waiting = client, [happens]

    def hmget(self, *words: Any) -> Any:
        found = self._client.hmget(*words)
        while self._waiting:
            self._waiting.pop()()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_an_item_that_ends_while_it_is_read_is_not_missed(ledger: Ledger) -> None:
    job, pending = enter(ledger, 3)
    while pending and pending[0].unit.stage != "finish":
        pending += do(ledger, pending.pop(0))
        pending.sort(key=lambda dispatch: dispatch.unit.stage == "finish")
    unit: Unit = pending[0].unit
    assert ledger.claim(unit, "me").verdict == "ok"
    client = Between(ledger.client, lambda: ledger.complete(unit))
    found = read_items(client, job, 3)
    assert found == ledger.dump(job)[1]
    assert [item["name"] for item in found] == ["0", "1", "2"]
    assert found[unit.item]["state"] == "done"


def test_more_items_than_are_read_at_a_time(ledger: Ledger) -> None:
    job, _ = enter(ledger, 1203)
    assert [item["name"] for item in ledger.dump(job)[1]] == [str(i) for i in range(1203)]
    ledger.cancel(job)
    items = ledger.dump(job)[1]
    assert [(item["name"], item["state"]) for item in items] == [
        (str(i), "cancelled") for i in range(1203)
    ]
    assert ledger.remove(job) and not ledger.client.keys(f"*{job}*")


def test_jobs_of_older_versions_are_read_retried_and_removed(ledger: Ledger) -> None:
    job, other = finished(ledger, 3, fails=2), finished(ledger, 3)
    before = read_status(ledger, job)
    for name in (job, other):
        spread_out(ledger, name)
        assert len(ledger.client.keys(f"{PREFIX}item:{name}:*")) == 3
    assert read_status(ledger, job) == before
    assert before is not None and before.state == "failed"
    assert ledger.retry(other) == (0, [])
    count, pending = ledger.retry(job)
    assert count == 2
    while pending:
        pending += do(ledger, pending.pop(0))
    status = read_status(ledger, job)
    assert status is not None and status.state == "done"
    assert [(item.state, item.error) for item in status.items] == [("done", None)] * 3
    for name in (job, other):
        assert ledger.remove(name)
        assert not ledger.client.keys(f"*{name}*")
    settled(ledger)


def test_an_item_that_is_tried_again_may_fail_again(ledger: Ledger) -> None:
    job = finished(ledger, 2, fails=2)
    count, pending = ledger.retry(job)
    assert count == 2 and len(pending) == 2
    for dispatch in list(pending):
        for _ in range(3):
            assert ledger.claim(dispatch.unit, "a").verdict == "ok"
            lapse(ledger)
        pending += ledger.claim(dispatch.unit, "a").dispatches
    for dispatch in pending:
        if dispatch.unit.stage == "index":
            do(ledger, dispatch)
    status = read_status(ledger, job)
    assert status is not None and [item.state for item in status.items] == ["failed", "failed"]
    assert status.state == "failed"
    settled(ledger)


@pytest.mark.parametrize("text", ["[", "[]", '{"state": 1}', '{"state": "gone"}', "[" * 5000])
def test_nonsense_among_the_ended_is_one_line(ledger: Ledger, text: str) -> None:
    job = finished(ledger, 2)
    ledger.client.hset(f"{PREFIX}ended:{job}", "1", text)
    with pytest.raises(BrokerError, match=f"holds of job {job} is damaged"):
        read_status(ledger, job)
