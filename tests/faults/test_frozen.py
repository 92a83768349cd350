"""Redis that answers nothing for a while: shorter and longer than leases, across an ack."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from fer_batch.jobs.settings import QueueSettings
from tests.faults.cluster import QUICK, Cluster, fault
from tests.faults.processes import RedisServer
from workers.parent import EXIT_STUCK

pytestmark = pytest.mark.faults
# Leases, sweeps and back-off as users have them; only segments are short and memory is small.
PRODUCTION = {
    f"FER_BATCH_{name.upper()}": str(QueueSettings.model_fields[name].default)
    for name in ("lease_s", "poll_s", "sweep_s", "backoff_s", "stop_s")
}


@pytest.fixture
def over_tcp(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Makes clusters over TCP, each with a Redis of its own."""
    with ExitStack() as ends:

        def make(name: str, **more: str) -> Cluster:
            server = RedisServer(tmp_path / name / "redis", tcp=True, password="frost").start()
            ends.callback(server.stop)
            cluster = Cluster(tmp_path / name / "cluster", server, **more)
            ends.callback(cluster.close)
            return cluster

        yield make


def freeze(cluster: Cluster, seconds: float) -> None:
    cluster.redis.signal(signal.SIGSTOP)
    time.sleep(seconds)
    cluster.redis.signal(signal.SIGCONT)


def test_longer_than_the_lease(
    over_tcp: Callable[..., Cluster], clip: Path, expected: Path
) -> None:
    cluster = over_tcp("quick", FER_BATCH_WATCHDOG_S="8")
    cluster.worker(fault("claimed", "slow", stage="analyze", seconds=1))
    job = cluster.submit(clip)
    cluster.until(cluster.struck)
    freeze(cluster, 12)
    cluster.check(job, expected)


def test_forty_seconds_with_the_settings_that_users_have(
    over_tcp: Callable[..., Cluster], clip: Path, expected: Path
) -> None:
    """In the middle of a unit, and across an ack: two clusters, frozen at the same time."""
    assert float(PRODUCTION["FER_BATCH_LEASE_S"]) > 40 > float(QUICK["FER_BATCH_LEASE_S"])

    def frozen(point: str) -> None:
        cluster = over_tcp(point, **PRODUCTION)
        worker = cluster.worker(fault(point, "slow", stage="analyze", seconds=2))
        job = cluster.submit(clip)
        cluster.until(cluster.struck)
        freeze(cluster, 40)
        cluster.check(job, expected)
        assert worker.process.poll() is None

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(frozen, ("claimed", "ended")))


def test_the_watchdog_ends_a_worker_that_consumes_nothing(
    over_tcp: Callable[..., Cluster], clip: Path, expected: Path
) -> None:
    """Where the broker's socket times out before Redis thaws, an ack fails and Celery consumes no
    more. The worker then ends by itself, and the one started in its place does the rest."""
    cluster = over_tcp("stuck", FER_BATCH_WATCHDOG_S="6")
    worker = cluster.worker(
        fault("ended", "slow", seconds=0.2, times=6),
        supervised=True,
        FER_BATCH_TEST_SOCKET_TIMEOUT="0.5",
    )
    job = cluster.submit(clip)
    ended = f"worker ended with status {EXIT_STUCK}"
    # More than once: where Celery's own heartbeat comes before the ack, both wait for the thaw.
    for count in range(1, 7):
        cluster.until(lambda: cluster.struck(count) or ended in worker.text())  # noqa: B023
        if ended in worker.text():
            break
        freeze(cluster, 6)
    cluster.until(lambda: ended in worker.text())
    assert "none is consumed; this worker ends" in worker.text()
    cluster.check(job, expected)
