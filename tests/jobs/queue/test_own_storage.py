"""A storage that is not mounted, or another one, is never taken for the queue's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fer_batch.errors import StorageError
from fer_batch.jobs.queue.client import QueueClient
from tests.jobs.here import Here

CSV = ("csv", "summary")
NOTHING: frozenset[str] = frozenset()


@pytest.fixture
def root(here: Here) -> Path:
    return Path(here.settings.storage_url)


@pytest.fixture(params=["missing", "empty"])
def unmount(request: pytest.FixtureRequest, root: Path) -> Callable[[], None]:
    def do() -> None:
        root.rename(root.with_name("share"))
        if request.param == "empty":
            root.mkdir()

    return do


def mount(root: Path) -> None:
    if root.exists():
        root.rmdir()  # raises where anything was written there
    root.with_name("share").rename(root)


def anew(here: Here) -> QueueClient:
    """As another process sees the queue, which never saw the storage."""
    client = QueueClient(here.settings)
    client.publish = here.messages.extend  # type: ignore[assignment]
    return client


def test_nothing_is_written_nor_taken_for_absent(
    here: Here, clip: Path, root: Path, unmount: Callable[[], None], tmp_path: Path
) -> None:
    here.submit(clip, outputs=CSV)
    here.drain()
    waiting = here.submit(clip, outputs=("csv",))
    failed = here.submit(clip, outputs=("gif",))
    here.client.cancel(failed)
    unmount()
    calls: list[Callable[[], object]] = [
        lambda: Here.submit(other, clip, outputs=CSV),
        lambda: other.client.download(waiting, tmp_path / "out", NOTHING),
        lambda: other.client.cancel(waiting),
        lambda: other.client.retry(failed),
    ]
    for call in calls:
        other = Here(here.settings)
        with pytest.raises(StorageError, match=r"does not hold job .* mount it"):
            call()
    mount(root)
    here.drain()
    assert anew(here).status(waiting).state == "done"


def test_a_storage_that_is_gone_for_good_can_be_left(
    here: Here, clip: Path, unmount: Callable[[], None]
) -> None:
    job = here.submit(clip, outputs=CSV)
    here.drain()
    unmount()
    anew(here).remove(job)
    other = Here(here.settings)
    assert other.submit(clip, outputs=CSV) != job


def test_a_redis_that_was_emptied_waits_for_the_storage(
    here: Here, clip: Path, root: Path, unmount: Callable[[], None]
) -> None:
    """After a restart of both: who looks too early must not take the ledger for whole."""
    job = here.submit(clip, outputs=CSV)
    here.drain()
    here.client.ledger.client.flushall()
    unmount()
    assert anew(here).jobs("", 10, 0)[1] == 0
    mount(root)
    assert [found.job_id for found in anew(here).jobs("", 10, 0)[0]] == [job]


def test_a_new_queue_is_whole_with_its_first_job(here: Here, clip: Path) -> None:
    assert here.client.jobs("", 10, 0)[1] == 0
    here.submit(clip, outputs=CSV)
    assert not here.client.ledger.emptied()
