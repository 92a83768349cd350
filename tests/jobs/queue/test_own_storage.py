"""A storage that is not mounted, or another one, is never taken for the queue's own."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fer_batch.errors import StorageError
from fer_batch.jobs.ledger.status import job_ids
from fer_batch.jobs.queue import sweep
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
    found = anew(here).remove(job)
    assert (found.gone, found.left) == ([], [job])
    other = Here(here.settings)
    assert other.submit(clip, outputs=CSV) != job


def test_what_was_forgotten_while_storage_was_away_is_deleted_when_it_is_back(
    here: Here, clip: Path, root: Path, unmount: Callable[[], None]
) -> None:
    job = here.submit(clip, outputs=CSV)
    here.drain()
    unmount()
    assert anew(here).remove(job).left == [job]
    mount(root)
    assert (root / "jobs" / job).is_dir()
    told: list[str] = []
    found = anew(here).remove_all([job], told.append)
    assert (found.gone, found.left, told) == ([job], [], [job])
    assert not (root / "jobs" / job).exists()


def test_old_jobs_stay_known_while_their_storage_is_away(
    here: Here, clip: Path, root: Path, unmount: Callable[[], None]
) -> None:
    """Forgotten now, their results would lie there for ever once it is back."""
    job = here.submit(clip, outputs=CSV)
    here.drain()
    ledger = here.client.ledger
    unmount()
    other = anew(here)
    assert sweep.forget_old(ledger, other.storage, -1.0) == []
    assert job_ids(ledger) == [job]
    mount(root)
    assert sweep.forget_old(ledger, other.storage, -1.0) == [job]
    assert job_ids(ledger) == [] and not (root / "jobs" / job).exists()


def test_results_removed_by_hand_leave_nothing_to_be_said(here: Here, clip: Path) -> None:
    jobs = [here.submit(clip, outputs=(output, "summary")) for output in ("csv", "gif")]
    here.drain()
    here.client.storage.delete(f"jobs/{jobs[0]}")
    assert anew(here).remove(jobs[0]).gone == [jobs[0]]


def test_results_that_cannot_be_deleted_stay_known(
    here: Here, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [here.submit(clip, outputs=(output, "summary")) for output in ("csv", "gif")]
    here.drain()
    told: list[str] = []
    real = os.unlink

    def unlink(path: str, **more: int) -> None:
        if path == "timeline.csv":
            raise PermissionError(errno.EROFS, "Read-only file system", path)
        real(path, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "unlink", unlink)
    with pytest.raises(StorageError, match=r"Read-only file system; check FER_BATCH_STORAGE$"):
        anew(here).remove_all([jobs[1], jobs[0]], told.append)
    assert told == [jobs[1]], "that one has no such file"
    assert job_ids(here.client.ledger) == [jobs[0]]
    monkeypatch.undo()
    assert anew(here).remove(jobs[0]).gone == [jobs[0]]


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
