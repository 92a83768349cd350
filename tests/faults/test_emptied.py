"""Two thousand jobs, a Redis that was emptied, and a rebuilding that is killed half-way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.spec import new_job_id
from fer_batch.jobs.ledger.status import job_ids
from fer_batch.jobs.queue import facts
from fer_batch.jobs.store import keys
from tests.faults.cluster import Cluster
from tests.faults.processes import ROOT

pytestmark = pytest.mark.faults
JOBS = 2000


def test_emptied_killed_and_submitted_into(cluster: Cluster, clip: Path, expected: Path) -> None:
    first = cluster.submit(clip)
    client, storage = cluster.client, cluster.client.storage
    data = facts.read_manifest(storage, first).to_json()
    names = {first, *(new_job_id() for _ in range(JOBS - 1))}
    for name in names:
        storage.put_json(keys.manifest(name), data | {"job_id": name})
    storage.put_json(keys.manifest("b" * 20), {"version": 1})
    redis = cluster.redis.client()
    redis.flushall()
    other = subprocess.Popen(
        [sys.executable, "-m", "fer_batch.cli.main", "jobs"],
        env={**os.environ, **cluster.environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    cluster.until(lambda: redis.scard(PREFIX + "rebuilt") > JOBS // 10)
    other.kill()
    other.wait()
    assert 0 < len(job_ids(client.ledger)) < JOBS, "half of it"
    redis.pexpire(PREFIX + "lock:rebuild", 1000)  # or wait for half a minute
    mine = cluster.submit(clip, priority="high")
    assert set(job_ids(client.ledger)) == {*names, mine}
    assert list(client.aside()) == ["b" * 20]
    cluster.worker()
    cluster.check(mine, expected)
