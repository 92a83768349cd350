"""Jobs cancelled in every state, also across a restart; and jobs retried."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_batch.jobs.store import keys
from tests.faults.cluster import Cluster, fault

pytestmark = pytest.mark.faults


def test_cancel_queued(cluster: Cluster, clip: Path, expected: Path) -> None:
    job, other = cluster.submit(clip), cluster.submit(clip)
    assert cluster.client.cancel(job).state == "cancelled"
    cluster.worker()
    cluster.check(other, expected)
    status = cluster.client.status(job)
    assert {item.state for item in status.items} == {"cancelled"}
    cluster.check_settled(job)


@pytest.mark.parametrize("stage", ["analyze", "render", "finish"])
def test_cancel_running_then_retry(
    cluster: Cluster, clip: Path, expected: Path, stage: str
) -> None:
    """Running, drawing, or putting together; what comes of the late unit changes nothing."""
    worker = cluster.worker(fault("claimed", "slow", stage=stage, seconds=2))
    job = cluster.submit(clip)
    cluster.until(cluster.struck)
    assert cluster.client.cancel(job).state == "cancelled"
    cluster.until(lambda: f"0/{stage}/" in worker.text().split("slow")[-1])
    assert cluster.client.status(job).state == "cancelled"
    cluster.check_settled(job)
    assert cluster.client.retry(job) == 1
    cluster.check(job, expected)


def test_cancelled_stays_so_when_redis_is_emptied(cluster: Cluster, clip: Path) -> None:
    job = cluster.submit(clip)
    cluster.client.cancel(job)
    cluster.redis.client().flushall()
    cluster.client.storage.delete(keys.final(job))  # the death came before this was written
    worker = cluster.worker()
    cluster.until(lambda: "ready" in worker.text())
    assert cluster.wait(job).state == "cancelled"
    cluster.redis.kill()
    cluster.redis.start()
    assert cluster.client.status(job).state == "cancelled"


def test_retry_only_what_failed(cluster: Cluster, tmp_path: Path, clip: Path) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(clip.read_bytes() + b"\0\0\0\x08free")
    cluster.worker(fault("claimed", "kill", item="other", stage="analyze", index=1, times=3))
    job = cluster.submit(clip, other)
    status = cluster.wait(job)
    assert [item.state for item in status.items] == ["done", "failed"]
    finished = cluster.client.storage.get_bytes(keys.fact(job, 0, "result"))
    assert cluster.client.retry(job) == 1
    status = cluster.wait(job)
    assert status.state == "done"
    assert cluster.client.storage.get_bytes(keys.fact(job, 0, "result")) == finished
    cluster.check_settled(job)
