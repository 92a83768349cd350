"""Workers whose engine is gone, or comes back late: inputs do not wait for it for ever."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from fer_batch.config import RunSettings
from fer_batch.jobs.item.local import run_items
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.pipeline.build import Engine
from tests.faults.cluster import OUTPUTS, SEGMENT_FRAMES, Cluster, Silence, fault
from tests.footage import pictures, videos

pytestmark = pytest.mark.faults
ANOTHER = {"FER_BATCH_BATCH_SIZE": "16", "FER_BATCH_ENGINE_WAIT_S": "2"}
FRAMES, UNITS = 120, 5  # a worker has two units, the one that it does and the next


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips_of_tests") / "longer.mp4"
    return videos.write(path, pictures.two_faces(FRAMES), videos.Recipe())


def run_alone(clip: Path, out: Path, batch_size: int) -> Path:
    """A local run of one engine."""
    engine = Engine(RunSettings(segment_frames=SEGMENT_FRAMES, batch_size=batch_size))
    (done,) = run_items(
        [ItemSpec(str(clip), clip.stem, outputs=OUTPUTS)], out, engine, "keep", Silence()
    )
    assert done.state == "done", done
    return out


@pytest.fixture(scope="module")
def by_the_other(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_alone(clip, tmp_path_factory.mktemp("other"), 16)


@pytest.fixture(scope="module")
def by_the_first(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_alone(clip, tmp_path_factory.mktemp("first"), 32)


def check(cluster: Cluster, job: str, expected: Path) -> None:
    """Done by the other engine alone, and said so."""
    cluster.check(job, expected)
    (summary,) = (cluster.folder / "got").glob("*/summary.json")
    assert json.loads(summary.read_text())["engine"]["batch_size"] == "16"
    (line,) = [e.text for e in cluster.client.log(job) if "anew" in e.text]
    assert "batch_size 32" in line
    assert "anew" in cluster.client.status(job).items[0].warnings[-1]
    redis = cluster.client.ledger.client
    assert redis.hgetall(PREFIX + "turned") == {}
    logs = "".join(worker.text() for worker in cluster.workers)
    assert logs.count("begins anew") == 1


def begun(cluster: Cluster, clip: Path) -> str:
    """A job that a worker has begun; it hangs in the second unit."""
    cluster.worker(fault("claimed", "hang", stage="analyze", index=1))
    job = cluster.submit(clip)
    cluster.until(cluster.struck)
    return job


def test_all_workers_are_replaced_by_others(
    cluster: Cluster, clip: Path, by_the_other: Path
) -> None:
    """As by `pip install -U fer-batch`, or where CPUs take the place of a GPU. Two at once."""
    job = begun(cluster, clip)
    cluster.workers[0].kill()
    for _ in range(2):
        cluster.worker(**ANOTHER)
    check(cluster, job, by_the_other)


def test_who_begins_anew_is_killed_before_it_has_told_anybody(
    cluster: Cluster, clip: Path, by_the_other: Path
) -> None:
    job = begun(cluster, clip)
    cluster.workers[0].kill()
    cluster.worker(fault("answered", "kill_group", verdict="anew"), **ANOTHER)
    cluster.until(lambda: cluster.struck(2), 90)
    cluster.worker(**ANOTHER)
    cluster.check(job, by_the_other)
    assert len([e for e in cluster.client.log(job) if "anew" in e.text]) == 1


def test_a_worker_that_wakes_hands_in_nothing_of_the_earlier_attempt(
    cluster: Cluster, clip: Path, by_the_other: Path
) -> None:
    sleeper = cluster.worker(fault("stored", "slow", stage="analyze", index=1, seconds=5))
    job = cluster.submit(clip)
    cluster.until(cluster.struck)
    sleeper.signal_group(signal.SIGSTOP)
    cluster.worker(
        fault("claimed", "slow", stage="analyze", index=UNITS + 1, seconds=15), **ANOTHER
    )
    cluster.until(lambda: cluster.struck(2), 120)
    sleeper.signal_group(signal.SIGCONT)
    cluster.until(lambda: f"{job} 0/analyze/1: " in sleeper.text())
    assert f"{job} 0/analyze/1: done before" in sleeper.text()
    assert cluster.client.status(job).state == "running"
    check(cluster, job, by_the_other)


def test_a_worker_that_lives_is_waited_for(
    cluster: Cluster, clip: Path, by_the_first: Path
) -> None:
    cluster.worker(fault("claimed", "slow", stage="analyze", index=1, seconds=8))
    job = cluster.submit(clip)
    cluster.until(cluster.struck)
    other = cluster.worker(**ANOTHER)
    cluster.until(lambda: ": other in " in other.text())
    cluster.check(job, by_the_first)
    assert not [e for e in cluster.client.log(job) if "anew" in e.text]
