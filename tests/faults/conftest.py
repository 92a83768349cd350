"""Fixtures of the fault tests: tiny clips, what a local run makes of them, a cluster a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster, run_here
from tests.faults.processes import RedisServer
from tests.footage import pictures, videos


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 frames of two people, with sound: three segments."""
    path = tmp_path_factory.mktemp("clips_of_tests") / "pair.mp4"
    return videos.write(path, pictures.two_faces(40), videos.Recipe(sound=True, b_frames=2))


@pytest.fixture(scope="session")
def expected(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs of the local runner for ``clip``."""
    return run_here([clip], tmp_path_factory.mktemp("expected"))


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis").start()
    yield server
    server.stop()


@pytest.fixture
def cluster(tmp_path: Path, redis_server: RedisServer) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path / "cluster", redis_server)
    yield cluster
    cluster.close()
