"""Storage on a small disk of its own that really runs full."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster, fault
from tests.faults.processes import RedisServer

pytestmark = pytest.mark.faults
SIZE = "6m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of some megabytes: its ENOSPC is the kernel's."""
    place = tmp_path / "disk"
    place.mkdir()
    if not shutil.which("mount") or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def on_small_disk(tmp_path: Path, redis_server: RedisServer, small_disk: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path / "cluster", redis_server, str(small_disk / "storage"))
    yield cluster
    cluster.close()


def fill(disk: Path) -> Path:
    """Leave not one byte free; returns what fills it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError as error:
            assert error.errno == 28
    assert shutil.disk_usage(disk).free == 0
    return ballast


@pytest.mark.parametrize("stage", ["analyze", "render", "finish"])
def test_full_and_freed_again(
    on_small_disk: Cluster, small_disk: Path, clip: Path, expected: Path, stage: str
) -> None:
    cluster = on_small_disk
    cluster.worker(fault("claimed", "slow", stage=stage, seconds=1))
    job = cluster.submit(clip)
    cluster.until(cluster.struck)
    ballast = fill(small_disk)
    repeats = lambda: [e.text for e in cluster.client.log(job) if "tried again" in e.text]  # noqa: E731
    words = cluster.until(repeats)
    assert "no space left" in words[0], words
    ballast.unlink()
    cluster.check(job, expected)


def test_full_for_good_ends_the_job_and_a_retry_goes_on(
    on_small_disk: Cluster, small_disk: Path, clip: Path, expected: Path
) -> None:
    cluster = on_small_disk
    cluster.environment |= {"FER_BATCH_MAX_RETRIES": "2"}
    worker = cluster.worker(fault("claimed", "slow", stage="render", seconds=1))
    job = cluster.submit(clip)
    cluster.until(cluster.struck)
    ballast = fill(small_disk)
    status = cluster.wait(job)
    assert status.state == "failed"
    assert "no space left" in (status.items[0].error or ""), status
    cluster.check_settled(job)
    assert worker.process.poll() is None
    ballast.unlink()
    assert cluster.client.retry(job) == 1
    cluster.check(job, expected)
