"""What others put into a shared Redis, and storage that goes away for a while."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from fer_batch.jobs.ledger.names import BROKER_PREFIX, PREFIX
from tests.faults.cluster import Cluster

pytestmark = pytest.mark.faults
MESSAGES = [
    "{",
    "null",
    "[]",
    '"x"',
    "{}",
    "[" * 100_000,
    '{"body": 1, "properties": 2}',
    '{"properties": {"delivery_tag": []}, "headers": {}, "body": "%%%"}',
    "\x00\xff",
]


def test_nonsense_in_the_lists_and_a_broadcast_end_nobody(
    cluster: Cluster, clip: Path, expected: Path
) -> None:
    worker = cluster.worker(supervised=True)
    cluster.until(lambda: "ready" in worker.text())
    redis = cluster.redis.client()
    for message in MESSAGES:
        for name in ("control", "control:3", "analyze", "render:6"):
            redis.lpush(BROKER_PREFIX + name, message)
        redis.publish(f"{BROKER_PREFIX}/0.celery.pidbox", message)
    redis.hset(BROKER_PREFIX + "unacked", "tag", "{")
    redis.zadd(BROKER_PREFIX + "unacked_index", {"tag": 1})
    redis.zadd(PREFIX + "out:control:3", {f"{'a' * 20}|0/probe/0": 1})
    from celery import Celery

    from fer_batch.jobs.queue.broker import celery_config

    app = Celery("attacker", broker=cluster.settings.broker_url)
    app.conf.update(celery_config(cluster.settings))
    for command in ("shutdown", "pool_shrink", "cancel_consumer", "terminate", "conf"):
        app.control.broadcast(command, arguments={"queue": "control", "n": 1} if 0 else {})
    # What is harmless is answered, by a busy machine a little later.
    cluster.until(lambda: bool(app.control.ping(timeout=5)))
    pids = {child.pid for child in worker.children()}
    job = cluster.submit(clip)
    cluster.check(job, expected)
    assert worker.process.poll() is None
    assert "starts again" not in worker.text(), worker.text()[-2000:]
    assert pids <= {child.pid for child in worker.children()} or not pids
    app.close()


def test_storage_away_for_ten_seconds(cluster: Cluster, clip: Path, expected: Path) -> None:
    storage = Path(cluster.settings.storage_url)
    cluster.environment["FER_BATCH_BACKOFF_S"] = "2"  # as in production
    jobs = [cluster.submit(clip) for _ in range(2)]
    cluster.worker()
    cluster.until(lambda: cluster.client.status(jobs[0]).state == "running")
    away = storage.with_name("away")
    storage.rename(away)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        time.sleep(0.2)
    if storage.exists():  # somebody made it anew while it was away
        assert not list(storage.glob("jobs/*/manifest.json"))
        storage.rename(storage.with_name("made meanwhile"))
    away.rename(storage)
    for job in jobs:
        cluster.check(job, expected)
    log = [json.dumps(event.text) for event in cluster.client.log(jobs[0])]
    assert not [line for line in log if "unexpected" in line or "please report" in line]
