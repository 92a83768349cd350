"""Messages doubled, lost, overdue, and of a kind that must not be read."""

from __future__ import annotations

import base64
import json
import pickle
import time
from pathlib import Path

import pytest

from fer_batch.jobs.ledger.dispatch import Dispatch
from fer_batch.jobs.ledger.names import BROKER_PREFIX, broker_list
from fer_batch.jobs.ledger.spec import Unit
from tests.faults.cluster import Cluster, fault

pytestmark = pytest.mark.faults


def test_the_same_message_many_times_at_once(cluster: Cluster, clip: Path, expected: Path) -> None:
    for _ in range(2):
        cluster.worker(fault("claimed", "slow", stage="analyze", seconds=0.5))
    job = cluster.submit(clip)
    stages = [("probe", 1), ("analyze", 3), ("assemble", 1), ("render", 3), ("finish", 1)]
    for stage, count in stages:
        for index in range(count):
            unit = Unit(job, 0, stage, index)  # type: ignore[arg-type]
            cluster.client.publish([Dispatch(unit, unit.queue, 3)] * 4)
    cluster.check(job, expected)
    drained = lambda: not any(cluster.client.ledger.queue_lengths().values())  # noqa: E731
    cluster.until(drained)
    cluster.check(job, expected)


def test_every_message_lost(cluster: Cluster, clip: Path, expected: Path) -> None:
    """The broker's lists vanish again and again; the sweep hands out what had no message."""
    job = cluster.submit(clip)
    client = cluster.redis.client()
    for queue in ("control", "analyze", "render"):
        for priority in (0, 3, 6):
            client.delete(broker_list(queue, priority))
    cluster.worker()
    cluster.check(job, expected)


def test_a_task_past_the_visibility_timeout_beside_an_idle_worker(
    cluster: Cluster, clip: Path, expected: Path
) -> None:
    cluster.environment |= {"FER_BATCH_VISIBILITY_TIMEOUT_S": "3"}
    busy = cluster.worker(fault("claimed", "slow", stage="analyze", seconds=15))
    job = cluster.submit(clip)
    cluster.until(cluster.struck)
    cluster.worker()
    cluster.check(job, expected)
    assert busy.process.poll() is None


def test_pickles_and_nonsense_are_refused(
    cluster: Cluster, tmp_path: Path, clip: Path, expected: Path
) -> None:
    proof = tmp_path / "executed"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (proof,))

    client = cluster.redis.client()
    body = base64.b64encode(pickle.dumps(Evil())).decode()
    message = {
        "body": body,
        "content-encoding": "binary",
        "content-type": "application/x-python-serialize",
        "headers": {"task": "fer_batch.probe", "id": "1", "lang": "py"},
        "properties": {
            "delivery_info": {"exchange": "", "routing_key": "control"},
            "delivery_tag": "1",
            "body_encoding": "base64",
        },
    }
    worker = cluster.worker()
    cluster.until(lambda: "ready" in worker.text())
    client.lpush(BROKER_PREFIX + "control", json.dumps(message))
    app = cluster.client.publish.app
    for arguments in (("../../etc", "0/probe/0"), ("x" * 20, "1/nonsense/2"), ()):
        app.send_task("fer_batch.probe", args=arguments, queue="control", priority=3)
    job = cluster.submit(clip)
    cluster.check(job, expected)
    time.sleep(0.5)
    assert not proof.exists()
    assert worker.process.poll() is None
