"""Workers of different engines share a job and never an item."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from fer_batch.config import RunSettings
from fer_batch.jobs.ledger.heartbeat import beat, stranded
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.queue import stages
from fer_batch.jobs.queue.execute import STEP_BACK_MOST_S, STEP_BACK_S, Executor
from fer_batch.jobs.queue.stages import Stages
from fer_batch.jobs.store.inputs import InputCache
from fer_batch.pipeline import shard
from fer_batch.pipeline.build import Engine
from fer_batch.version import installed_version
from tests.jobs.here import Here


def another(here: Here) -> Executor:
    """A worker whose engine takes other batches."""
    engine = Engine(RunSettings(batch_size=16))
    storage = here.client.storage
    cache = InputCache(storage, here.settings.cache_dir, 10**9)
    does = Stages(storage, cache, lambda: engine)
    return Executor(here.client.ledger, storage, here.messages.extend, does, worker="other")


def sweep_now(here: Here) -> None:
    client = here.client.ledger.client
    for member in client.zrange(PREFIX + "later", 0, -1):
        client.zadd(PREFIX + "later", {member: 1})
    here.messages += here.client.ledger.sweep()


def test_an_item_is_finished_by_the_engine_that_began_it(
    here: Here, clip: Path, tmp_path: Path
) -> None:
    job, other = here.submit(clip), another(here)
    here.drain(until=lambda unit: unit.stage == "analyze")
    assert here.executor.run(here.messages.pop(0).unit) == "done"
    left = [here.messages.pop(0).unit for _ in range(len(here.messages))]
    assert left and [other.run(unit) for unit in left] == ["other"] * len(left)
    assert {message.unit for message in here.messages} <= set(left), "offered to others"
    here.messages.clear()
    # Redis forgets which engine it was; storage does not.
    here.client.ledger.client.flushall()
    here.client.status(job)
    left = [here.messages.pop(0).unit for _ in range(len(here.messages))]
    assert left and [other.run(unit) for unit in left] == ["other"] * len(left)
    sweep_now(here)
    here.drain()
    assert here.client.status(job).state == "done"
    here.client.download(job, tmp_path / "out", frozenset())
    (summary,) = (tmp_path / "out").glob("*/summary.json")
    assert json.loads(summary.read_text())["engine"]["batch_size"] == "32"


def test_versions_side_by_side_share_no_item(
    here: Here, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a cluster is updated; numbers of two versions would stand under the name of one."""
    job = here.submit(clip)
    here.drain(until=lambda unit: unit.stage == "analyze")
    assert here.executor.run(here.messages.pop(0).unit) == "done"
    left = [here.messages.pop(0).unit for _ in range(len(here.messages))]
    with monkeypatch.context() as newer:
        for module in (stages, shard):
            newer.setattr(module, "installed_version", lambda: "9.9.9")
        assert left and [here.executor.run(unit) for unit in left] == ["other"] * len(left)
        # Redis forgets which version it was; storage does not.
        here.client.ledger.client.flushall()
        here.client.status(job)
        left = [here.messages.pop(0).unit for _ in range(len(here.messages))]
        assert left and [here.executor.run(unit) for unit in left] == ["other"] * len(left)
        beat(here.client.ledger, "newer", {"queues": "analyze", "engine": "fer-batch 9.9.9"})
        (waiting,) = set(stranded(here.client.ledger).values())
        assert f"fer-batch {installed_version()}" in waiting, "that is what doctor and status say"
    sweep_now(here)
    here.drain()
    assert here.client.status(job).state == "done"


def test_what_is_turned_away_is_offered_at_once_and_not_taken_again_at_once(
    here: Here, clip: Path
) -> None:
    """An idle worker of another engine would else keep an input's units from the one they need:
    each waited for a sweep, was turned away again, and so on."""
    here.submit(clip)
    other = another(here)
    here.drain(until=lambda unit: unit.stage == "analyze")
    assert here.executor.run(here.messages.pop(0).unit) == "done"
    unit = here.messages.pop(0).unit
    took = []
    for _ in range(3):
        begin = time.monotonic()
        assert other.run(unit) == "other"
        took.append(time.monotonic() - begin)
        assert unit in [message.unit for message in here.messages]
        here.messages.clear()
    assert took[1] >= 2 * STEP_BACK_S and took[2] >= 4 * STEP_BACK_S
    other.stopping = lambda: True
    for _ in range(4):
        other.run(unit)
    begin = time.monotonic()
    other.run(unit)
    assert time.monotonic() - begin < STEP_BACK_MOST_S, "who is stopped waits no longer"
