"""Storage that lets nothing be written for a while, at its start, in the middle and at its end."""

from __future__ import annotations

import csv
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from fer_batch.errors import StorageError
from fer_batch.jobs.store import keys
from fer_batch.jobs.store.folder_storage import FolderStorage
from tests.jobs.here import Here

CSV = ("csv", "summary")


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.EROFS, "read-only file system"), (errno.ENOSPC, "no space left on device")],
)
def test_a_disk_that_takes_nothing_costs_no_input(
    number: int, told: str, here: Here, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = here.submit(clip, outputs=CSV)
    here.drain(until=lambda unit: unit.stage == "analyze")
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if target.suffix == ".npz":
            raise OSError(number, os.strerror(number), str(path))
        return real(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    assert {verdict for _, verdict in here.drain()} == {"later"}
    lines = [event.text for event in here.client.log(job) if event.level == "warning"]
    assert all(f"shards/0000{i}.npz: {told}" in line for i, line in enumerate(lines)) and lines
    assert not any(" -o" in line or "--resume" in line for line in lines)
    monkeypatch.undo()
    here.try_again()
    here.drain()
    assert here.client.status(job).state == "done"


def test_a_failure_that_could_not_be_kept_stands_in_the_tables(
    here: Here, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    job = here.submit(clip, broken, outputs=CSV)
    real = FolderStorage.put_bytes

    def put_bytes(storage: FolderStorage, key: str, data: bytes) -> None:
        if key.endswith(".error.json"):
            raise StorageError("away for a moment")
        real(storage, key, data)

    monkeypatch.setattr(FolderStorage, "put_bytes", put_bytes)
    here.drain(until=lambda unit: unit.stage == "index")
    monkeypatch.undo()
    here.drain()
    found = here.client.status(job)
    assert (found.state, found.error) == ("failed", None)
    assert here.client.storage.exists(keys.fact(job, 1, "error"))
    assert states(here, job) == ["done", "failed"]


def test_results_that_somebody_removed_fail_their_input_alone(
    here: Here, clip: Path, tmp_path: Path
) -> None:
    job = here.submit(clip, clip.parent / "none.mp4", outputs=CSV)
    here.drain(until=lambda unit: unit.stage == "index")
    here.client.storage.delete(keys.fact(job, 0, "result"))
    assert here.drain() == [("-1/index/0", "done")]
    assert states(here, job) == ["failed", "failed"]


def states(here: Here, job: str) -> list[Any]:
    """What the job's table says of its inputs."""
    path = here.client.storage.local_path(f"{keys.index(job)}/summary.csv")
    assert path is not None
    with path.open(newline="") as file:
        return [row["status"] for row in csv.DictReader(file)]
