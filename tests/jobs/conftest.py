"""A real Redis for tests of the ledger, emptied before each."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.settings import QueueSettings
from tests.footage import pictures, videos
from tests.jobs.here import Here


@pytest.fixture
def settings(redis_url: str, tmp_path: Path) -> QueueSettings:
    return QueueSettings(
        redis_url=redis_url,  # type: ignore[arg-type]
        storage=str(tmp_path / "storage"),
        state_dir=tmp_path / "state",
        cache_dir=tmp_path / "cache",
        window=4,
    )


@pytest.fixture
def ledger(settings: QueueSettings) -> Ledger:
    found = Ledger(settings)
    found.client.flushall()
    return found


@pytest.fixture
def here(settings: QueueSettings, ledger: Ledger) -> Here:
    assert ledger.emptied()
    return Here(settings)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips_of_tests") / "pair.mp4"
    return videos.write(path, pictures.two_faces(40), videos.Recipe(sound=True, b_frames=2))
