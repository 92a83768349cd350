"""A thousand queued jobs over a real Redis and a real worker."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.queue.submit import Request
from tests.faults.cluster import Cluster
from tests.faults.processes import RedisServer
from tests.footage import pictures, videos

pytestmark = pytest.mark.faults
COUNT = 1000
KEPT = 10  # jobs that are not cancelled but done
AT_ONCE = 4
DONE = re.compile(r"(\w{20}) \S+: done in ")


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Cluster]:
    """Redis that flushes each second, as the embedded one; storage in memory where that can be,
    since a thousand manifests flushed one by one would be the test of a disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        more = ("--appendfsync", "everysec")
        server = RedisServer(tmp_path / "redis", False, "", *more).start()
        cluster = Cluster(tmp_path / "cluster", server, f"{folder}/storage")
        yield cluster
        cluster.close()
        server.stop()


def test_a_thousand_queued_jobs(busy: Cluster, tmp_path: Path) -> None:
    client, redis = busy.client, busy.redis.client()
    clip = videos.write(tmp_path / "tiny.mp4", pictures.two_faces(6))

    def submit(priority: str) -> str:
        request = Request((clip,), priority=priority, outputs=("csv",), use_cache=False)
        return client.submit(request).job_id

    def done() -> list[str]:
        return DONE.findall(worker.text()[before:])

    worker = busy.worker()
    busy.until(lambda: "ready" in worker.text())
    baseline = set(redis.keys("*"))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = list(pool.map(submit, ["low"] * COUNT))
    before = len(worker.text())
    urgent = submit("high")
    assert busy.wait(urgent).state == "done"
    # Its five units wait for one that is at work each, whatever the number of jobs before it.
    busy.until(lambda: done().count(urgent) == 5)  # the last is done before the worker says so
    units = done()
    others = units[: len(units) - units[::-1].index(urgent)]
    assert len(others) <= 5 + 2 * 5, others

    kept, rest = jobs[:KEPT], jobs[KEPT:]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ended = {job: client.status(job).final for job in kept}
        states = list(pool.map(lambda job: cancelled(busy, job), rest))
    assert set(states) <= {"cancelled", "done"} and states.count("cancelled") > COUNT / 2
    assert [busy.wait(job).state for job in kept] == ["done"] * KEPT, ended
    busy.until(lambda: not any(client.ledger.queue_lengths().values()))
    assert worker.process.poll() is None
    for name in ("active", "leases", "later", "holders"):
        assert not redis.exists(PREFIX + name), name
    client.remove_all([*jobs, urgent])
    names = set(redis.keys("*")) - baseline
    names = {name for name in names if not name.startswith(f"{PREFIX}lock:")}
    # The mark that the ledger is whole comes with the first job.
    assert names <= {f"{PREFIX}mark", f"{PREFIX}costs", f"{PREFIX}epoch"}
    assert not client.storage.files("inputs") and not client.storage.names("jobs")


def cancelled(cluster: Cluster, job: str) -> str:
    """Cancel a job; the state it ends in. Some are done by then."""
    found = cluster.client.status(job)
    return found.state if found.final else cluster.client.cancel(job).state
