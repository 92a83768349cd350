"""Workers killed at every point of a unit's life."""

from __future__ import annotations

import signal
import time
from functools import partial
from pathlib import Path

import pytest

from fer_batch.jobs.ledger.spec import STAGES
from tests.faults.cluster import Cluster, fault

pytestmark = pytest.mark.faults
# Inputs are related to each other only where that is asked for.
USUAL = [stage for stage in STAGES if stage != "relate"]


def test_child_killed_in_every_stage(cluster: Cluster, clip: Path, expected: Path) -> None:
    cluster.worker(*(fault("claimed", "kill", stage=stage) for stage in USUAL))
    job = cluster.submit(clip)
    cluster.check(job, expected)
    assert cluster.struck(len(USUAL))


@pytest.mark.parametrize(
    "point",
    ["stored", "completed", "ended"],
    ids=["between file and ledger", "between ledger and publishing", "before the ack"],
)
def test_child_killed_between(cluster: Cluster, clip: Path, expected: Path, point: str) -> None:
    """After the last segment of a stage too: its set is full, what it released not yet told."""
    times = {"probe": 1, "analyze": 2, "render": 1, "finish": 1}
    faults = [fault(point, "kill", stage=stage, times=n) for stage, n in times.items()]
    cluster.worker(*faults)
    job = cluster.submit(clip)
    cluster.check(job, expected)
    assert cluster.struck(sum(times.values()))


@pytest.mark.parametrize("action", ["kill_parent", "kill_group"])
def test_whole_workers_killed(cluster: Cluster, clip: Path, expected: Path, action: str) -> None:
    job = cluster.submit(clip)
    for count, stage in enumerate(USUAL, start=1):
        cluster.worker(fault("claimed", action, stage=stage))
        cluster.until(partial(cluster.struck, count))
    cluster.worker()
    cluster.check(job, expected)


def test_stopped_fed_and_killed(cluster: Cluster, clip: Path, expected: Path) -> None:
    """Messages fetched by a stopped worker die with it: kombu loses them, the ledger does not."""
    first = cluster.worker()
    cluster.until(lambda: "ready" in first.text())
    first.signal_group(signal.SIGSTOP)
    job = cluster.submit(clip)
    time.sleep(1.0)
    first.kill()
    cluster.worker()
    cluster.check(job, expected)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_stopped_in_order_gives_its_segment_back(
    cluster: Cluster, clip: Path, expected: Path, number: int
) -> None:
    slow = cluster.worker(fault("claimed", "slow", stage="analyze", seconds=1.5))
    job = cluster.submit(clip)
    cluster.until(cluster.struck)
    slow.signal(number)
    slow.process.wait(timeout=20)
    assert slow.process.returncode == 0
    tries = cluster.client.ledger.client.hgetall(f"fb:tries:{job}")
    cluster.worker()
    cluster.check(job, expected)
    assert number != signal.SIGTERM or not tries, "an orderly stop must not count as an attempt"
