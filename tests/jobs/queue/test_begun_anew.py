"""An item whose engine is gone is analysed anew, by one engine alone."""

from __future__ import annotations

import json
import logging
import uuid
from pathlib import Path
from typing import Any

import pytest

from fer_batch.errors import StorageError
from fer_batch.jobs.ledger.heartbeat import beat
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.spec import Unit
from fer_batch.jobs.queue import facts
from fer_batch.jobs.queue.execute import Executor
from fer_batch.jobs.store import keys
from fer_batch.jobs.store.made_by import engine_of
from tests.jobs.here import Here
from tests.jobs.queue.test_engines import another, sweep_now


def work(here: Here, executor: Executor, until: str = "") -> list[tuple[str, str]]:
    """Do what is there, and what comes of it, by one worker alone."""
    done = []
    while here.messages and here.messages[0].unit.key != until:
        unit = here.messages.pop(0).unit
        done.append((unit.key, executor.run(unit)))
    return done


def engine_is_gone(here: Here, worker: str = "other") -> None:
    """Only ``worker`` lives, and what it lacks has been missing for long."""
    redis = here.client.ledger.client
    beat(here.client.ledger, worker, {"queues": "analyze,render,control"})
    sweep_now(here)
    for engine in redis.hkeys(PREFIX + "absent"):
        redis.hset(PREFIX + "absent", engine, 1)
    for member in redis.zrange(PREFIX + "leases", 0, -1):
        redis.zadd(PREFIX + "leases", {member: 1})


def begun(here: Here, clip: Path) -> tuple[str, Executor, list[Unit]]:
    """A job of two units; one engine has done the first, another is turned away from the second."""
    job, other = here.submit(clip), another(here)
    here.drain(until=lambda unit: unit.stage == "analyze")
    assert here.executor.run(here.messages.pop(0).unit) == "done"
    left = [here.messages.pop(0).unit for _ in range(len(here.messages))]
    assert len(left) == 1 and other.run(left[0]) == "other"
    here.messages.clear()
    return job, other, left


def summary_of(here: Here, job: str, out: Path) -> dict[str, Any]:
    here.client.download(job, out, frozenset())
    (summary,) = out.glob("*/summary.json")
    found: dict[str, Any] = json.loads(summary.read_text())
    return found


def test_it_is_analysed_anew_and_no_shard_of_before_is_mixed_in(
    here: Here, clip: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    job, other, left = begun(here, clip)
    engine_is_gone(here)
    here.messages.clear()
    with caplog.at_level(logging.WARNING):
        assert other.run(left[0]) == "anew"
    (told,) = [line for line in caplog.messages if "begins anew" in line]
    assert job in told and "batch_size 16" in told and "batch_size 32" in told
    work(here, other, until="0/assemble/1")
    # Now one of before hands in what it was at, under a name that nobody reads.
    manifest = here.manifest(job)
    here.executor.stages.segment(manifest, left[0], lambda frames: None, lambda: False)
    assert not here.client.ledger.complete(left[0], frames=16).counted
    made_by = [
        engine_of(here.client.storage, f"{keys.item(job, 0)}/shards/{i:05d}.npz") for i in range(4)
    ]
    assert ["batch_size 32" in made for made in made_by] == [True, True, False, False]
    assert ["batch_size 16" in made for made in made_by] == [False, False, True, True]
    work(here, other)
    status = here.client.status(job)
    assert status.state == "done" and "anew" in status.items[0].warnings[-1]
    assert summary_of(here, job, tmp_path / "out")["engine"]["batch_size"] == "16"
    assert not [
        name
        for name in here.client.storage.files(keys.item(job, 0))
        if name.startswith(("parts/", "shards/"))
    ]


def test_numbers_are_those_of_a_job_that_this_engine_has_done_alone(
    here: Here, clip: Path, tmp_path: Path
) -> None:
    alone, other = here.submit(clip), another(here)
    work(here, other)
    assert here.client.status(alone).state == "done"
    job, other, left = begun(here, clip)
    engine_is_gone(here)
    here.messages.clear()
    assert other.run(left[0]) == "anew"
    work(here, other)
    for name, which in (("one", alone), ("two", job)):
        here.client.download(which, tmp_path / name, frozenset())
    (one,), (two,) = ((tmp_path / n).glob("*/timeline.csv") for n in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("where", ["folder", "store"])
def test_an_emptied_redis_goes_on_with_the_last_attempt(
    here: Here, clip: Path, tmp_path: Path, where: str
) -> None:
    if where == "store":
        address = f"memory://{uuid.uuid4().hex}"
        here = Here(here.settings.model_copy(update={"storage": address}))
    job, other, left = begun(here, clip)
    engine_is_gone(here)
    here.messages.clear()
    assert other.run(left[0]) == "anew"
    assert other.run(here.messages.pop(0).unit) == "done"
    here.messages.clear()
    here.client.ledger.client.flushall()
    here.client.status(job)
    assert [d.unit.key for d in here.messages] == ["0/analyze/3"]
    assert here.executor.run(here.messages[0].unit) == "other"
    done = dict(work(here, other))
    assert done["0/assemble/1"] == "done"
    assert here.client.status(job).state == "done"
    assert summary_of(here, job, tmp_path / "out")["engine"]["batch_size"] == "16"


def test_items_of_before_engines_had_versions_do_not_wait_either(here: Here, clip: Path) -> None:
    job = here.submit(clip)
    here.drain(until=lambda unit: unit.stage == "analyze")
    unit = here.messages[0].unit
    assert here.executor.run(here.messages.pop(0).unit) == "done"
    key = f"{PREFIX}item:{job}:0"
    bound = here.client.ledger.client.hget(key, "engine")
    old = ", ".join(part for part in bound.split(", ") if not part.startswith("fer-batch "))
    assert old != bound
    here.client.ledger.client.hset(key, "engine", old)
    unit = here.messages.pop(0).unit
    assert here.executor.run(unit) == "other"
    engine_is_gone(here, "")
    assert here.executor.run(unit) == "anew"
    here.drain()
    assert here.client.status(job).state == "done"


def test_a_shard_of_another_engine_is_not_taken_for_done(here: Here, clip: Path) -> None:
    """As where Redis lost an item of which nothing was stored yet, and two engines began it."""
    job, other = here.submit(clip), another(here)
    here.drain(until=lambda unit: unit.stage == "analyze")
    unit = here.messages[0].unit
    other.stages.segment(here.manifest(job), unit, lambda frames: None, lambda: False)
    here.drain()
    status = here.client.status(job)
    assert status.state == "done", status


def test_what_was_claimed_without_an_engine_makes_no_numbers(
    here: Here, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storage that does not answer for a moment must not let another engine in."""
    job, other, (unit,) = begun(here, clip)
    with monkeypatch.context() as away:
        read, times = facts.read_manifest, iter((True,))

        def first_time_in_vain(*rest: Any) -> Any:
            if next(times, False):
                raise StorageError("silent")
            return read(*rest)

        away.setattr(facts, "read_manifest", first_time_in_vain)
        assert other.run(unit) == "later"
    assert not here.client.storage.exists(f"{keys.item(job, 0)}/shards/{unit.index:05d}.npz")
    sweep_now(here)
    here.drain()
    assert here.client.status(job).state == "done"


def test_a_damaged_shard_is_nobodys(here: Here, clip: Path) -> None:
    job, *_ = begun(here, clip)
    key = f"{keys.item(job, 0)}/shards/00000.npz"
    path = here.client.storage.local_path(key)
    assert path is not None and "batch_size 32" in engine_of(here.client.storage, key)
    path.write_bytes(b"nothing")
    assert engine_of(here.client.storage, key) == ""
