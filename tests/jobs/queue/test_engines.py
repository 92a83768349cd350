"""Workers of different engines share a job and never an item."""

from __future__ import annotations

import json
from pathlib import Path

from fer_batch.config import RunSettings
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.queue.execute import Executor
from fer_batch.jobs.queue.stages import Stages
from fer_batch.jobs.store.inputs import InputCache
from fer_batch.pipeline.build import Engine
from tests.jobs.here import Here


def another(here: Here) -> Executor:
    """A worker whose engine takes other batches."""
    engine = Engine(RunSettings(batch_size=16))
    storage = here.client.storage
    cache = InputCache(storage, here.settings.cache_dir, 10**9)
    stages = Stages(storage, cache, lambda: engine)
    return Executor(here.client.ledger, storage, here.messages.extend, stages, worker="other")


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
    assert here.messages == []
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
