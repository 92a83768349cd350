"""What all tests share: media made once a session, and a watch over our own error log."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.faults.processes import RedisServer
from tests.footage import pictures, videos

# Long files first, in this order, so that no process has one left when the others are through. The
# one training that many tests look at begins early, and those that would wait for it come late.
LONG = (
    "tests/scripts/test_models.py",
    "tests/training/test_train.py",
    "tests/end_to_end/",
    "tests/fuzz/",
    "tests/scripts/",
    "tests/training/",
)
REAL_CLIPS = Path(__file__).parents[2] / "shared" / "clips"

# Other work on the machine is no reason for a property to fail.
hypothesis.settings.register_profile(
    "calm", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("calm")


@pytest.fixture(scope="session", autouse=True)
def _no_queue_of_the_tester(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests, and all that they start, never meet the queue or settings of whoever runs them."""
    for name in [name for name in os.environ if name.startswith("FER_BATCH_")]:
        del os.environ[name]
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def footage_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where media that several tests read lie; nobody writes into files that are there."""
    return tmp_path_factory.mktemp("footage")


@pytest.fixture(scope="session")
def face_clip(footage_dir: Path) -> Path:
    """Two seconds, two people, 320x180, H.264 with B-frames and sound in mp4: 50 frames."""
    recipe = videos.Recipe(sound=True, b_frames=2)
    return videos.write(footage_dir / "two people.mp4", pictures.two_faces(50), recipe)


@pytest.fixture(scope="session")
def numbered_clip(footage_dir: Path) -> Path:
    """90 frames that carry their number, no faces, no sound, several key frames."""
    frames = [pictures.numbered(i) for i in range(90)]
    return videos.write(footage_dir / "numbered.mp4", frames, videos.Recipe(b_frames=2))


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """The folder of real clips, where the checkout has one beside it."""
    if not REAL_CLIPS.is_dir():
        pytest.skip("no real clips beside this checkout")
    return REAL_CLIPS


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis; whoever uses it empties it first."""
    more = ("--appendfsync", "everysec")  # nobody kills this one
    server = RedisServer(tmp_path_factory.mktemp("r"), False, "", *more).start()
    yield server.url
    server.stop()


@pytest.fixture(autouse=True)
def _no_silent_errors(
    caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> Iterator[None]:
    """An ERROR in fer-batch's own log fails the test, unless the test is about just that."""
    yield
    if request.node.get_closest_marker("logs_errors"):
        return
    records = [r for when in ("setup", "call") for r in caplog.get_records(when)]
    ours = [r for r in records if r.name.split(".")[0] in ("fer_batch", "workers")]
    errors = [r.getMessage() for r in ours if r.levelno >= logging.ERROR]
    assert not errors, errors


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by ``LONG``; what it does not name comes last, in its own order."""

    def place(item: pytest.Item) -> int:
        return next((n for n, begin in enumerate(LONG) if item.nodeid.startswith(begin)), len(LONG))

    items.sort(key=place)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "logs_errors: writes errors to fer-batch's log on purpose")
