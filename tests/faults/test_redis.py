"""Redis killed, restarted, emptied, cut off and full."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis

from fer_batch.errors import BrokerError
from fer_batch.jobs.queue.submit import Request
from tests.faults.cluster import OUTPUTS, Cluster, fault
from tests.faults.processes import RedisServer

pytestmark = pytest.mark.faults


def test_killed_while_idle_in_mid_task_and_before_a_submission(
    cluster: Cluster, clip: Path, expected: Path
) -> None:
    worker = cluster.worker(fault("claimed", "slow", stage="analyze", seconds=3))
    cluster.until(lambda: "ready" in worker.text())
    cluster.redis.kill()
    with pytest.raises(BrokerError, match="no Redis answers"):
        cluster.submit(clip)
    cluster.redis.start()
    job = cluster.submit(clip)
    cluster.until(cluster.struck)
    cluster.redis.kill()
    time.sleep(1.0)
    cluster.redis.start()
    cluster.check(job, expected)


def test_killed_between_manifest_and_ledger(
    cluster: Cluster, clip: Path, expected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is certain to be done, so its id is told, and that it begins later."""
    put_json = cluster.client.storage.put_json

    def then_kill(key: str, value: object) -> None:
        put_json(key, value)
        if key.startswith("same/"):
            cluster.redis.kill()

    monkeypatch.setattr(cluster.client.storage, "put_json", then_kill)
    done = cluster.client.submit(Request(paths=(clip,), outputs=OUTPUTS, use_cache=False))
    assert "no Redis answers" in done.notes[-1] and "begins when Redis" in done.notes[-1]
    monkeypatch.undo()
    cluster.redis.start()
    (job,) = cluster.client.storage.names("jobs")
    assert job == done.job_id
    cluster.worker()
    cluster.check(job, expected)


def test_emptied_and_rebuilt_from_storage(cluster: Cluster, clip: Path, expected: Path) -> None:
    done = cluster.submit(clip, name="done before")
    first = cluster.worker()
    cluster.check(done, expected)
    first.signal(signal.SIGTERM)  # or it would do all of the rest before the slow one is up
    first.process.wait(timeout=20)
    slow = cluster.worker(fault("claimed", "slow", stage="render", seconds=2, times=3))
    job = cluster.submit(clip, name="under way")
    queued = [cluster.submit(clip, name=f"queued {number}") for number in range(3)]
    cluster.until(cluster.struck)
    cluster.redis.client().flushall()
    for name in (job, *queued):
        cluster.check(name, expected)
    assert slow.process.poll() is None
    status = cluster.client.status(done)
    assert (status.state, status.name) == ("done", "done before")
    names, total = cluster.client.jobs("", 10, 0)
    assert total == 5 and {found.job_id for found in names} == {done, job, *queued}


def test_connections_cut(cluster: Cluster, clip: Path, expected: Path) -> None:
    cluster.worker(fault("claimed", "slow", stage="analyze", seconds=1, times=3))
    job = cluster.submit(clip)
    cluster.until(cluster.struck)
    for _ in range(3):
        client = cluster.redis.client()
        for kind in ("normal", "pubsub"):
            client.client_kill_filter(_type=kind, skipme=True)
        time.sleep(0.7)
    cluster.check(job, expected)


@contextmanager
def relay(port: int) -> Iterator[tuple[int, threading.Event]]:
    """A TCP relay that, once the event is set, swallows everything: half-open connections."""
    deaf = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    sockets: list[socket.socket] = [listener]

    def pump(source: socket.socket, target: socket.socket, mine: threading.Event) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not mine.is_set():
                    target.sendall(data)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                sockets.extend((near, far))
                # Connections made after the cut work again, as after a network's repair.
                mine = threading.Event() if deaf.is_set() else deaf
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=pump, args=(*ends, mine), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1], deaf
    for each in sockets:
        each.close()


def test_half_open_connection(tmp_path: Path, clip: Path, expected: Path) -> None:
    """One worker's packets vanish: its unit goes to another, and it dies or recovers later."""
    server = RedisServer(tmp_path / "redis", tcp=True, password="frost").start()
    cluster = Cluster(tmp_path / "cluster", server)
    try:
        with relay(server.port) as (port, deaf):
            url = f"redis://:frost@127.0.0.1:{port}/0"
            cluster.worker(
                fault("claimed", "slow", stage="analyze", seconds=2), FER_BATCH_REDIS_URL=url
            )
            job = cluster.submit(clip)
            cluster.until(cluster.struck)
            deaf.set()
            cluster.worker()
            cluster.check(job, expected)
    finally:
        cluster.close()
        server.stop()


def test_out_of_memory(cluster: Cluster, clip: Path, expected: Path) -> None:
    """A full Redis refuses even acknowledgements, upon which Celery gives up and is started again;
    nothing is lost, and work goes on when there is room."""
    client = cluster.redis.client()
    cluster.worker(supervised=True)
    job = cluster.submit(clip)
    cluster.until(lambda: cluster.client.status(job).state == "running")
    client.config_set("maxmemory", "1mb")
    with suppress(redis.RedisError):
        client.set("ballast", "x" * 2_000_000)
    with pytest.raises(BrokerError, match="memory"):
        cluster.submit(clip)
    time.sleep(3.0)
    client.config_set("maxmemory", "0")
    cluster.check(job, expected)
