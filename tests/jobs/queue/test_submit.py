"""What people hand over: files of any name and kind are done, or refused at once in one line."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import cv2
import pytest

from fer_batch.errors import BrokerError, FerBatchError, StorageError
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.spec import FINAL_STATES
from fer_batch.jobs.ledger.status import read_status
from fer_batch.jobs.queue import collect
from fer_batch.jobs.queue.submit import Request
from fer_batch.jobs.store import keys
from tests.faults.cluster import run_here
from tests.footage import pictures
from tests.jobs.here import Here

CSV = ("csv", "summary")


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo_of_tests") / "photo.png"
    cv2.imwrite(str(path), pictures.two_faces(1)[0])
    return path


def done(here: Here, job: str) -> list[str]:
    """States of the inputs once all is done."""
    here.drain()
    found = here.client.status(job)
    assert found.state in FINAL_STATES
    return [item.state for item in found.items]


@pytest.mark.parametrize(
    "name",
    [b"caf\xe9.mp4", b"na\nme \x1b[31mred.mp4", "Zürich 😀.mp4".encode(), b"-x 'q\" %s.mp4"],
)
def test_videos_of_any_name(name: bytes, here: Here, clip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copyfile(clip, folder / os.fsdecode(name))
    job = here.submit(folder, outputs=CSV)
    assert done(here, job) == ["done"]
    (item,) = here.client.status(job).items
    assert item.input.isprintable()
    item.input.encode()
    assert here.client.download(job, tmp_path / "got", frozenset({"csv"}))


def test_the_same_picture_under_two_names(here: Here, photo: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "a.png", tmp_path / "b.png"
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in (one, other, folder / "zzz.png"):
        shutil.copyfile(photo, path)
    job = here.submit(one, other, folder, outputs=CSV)
    assert done(here, job) == ["done"] * 2  # two named photos are a set
    here.client.download(job, tmp_path / "got", frozenset({"csv"}))
    run_here([folder], tmp_path / "expected")
    tables = [p / "folder" / "timeline.csv" for p in (tmp_path / "got", tmp_path / "expected")]
    assert tables[0].read_bytes() == tables[1].read_bytes()


def test_pictures_named_like_unfinished_files(here: Here, photo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    shutil.copyfile(photo, folder / "scan.part-1.png")
    job = here.submit(folder, outputs=("csv", "images", "summary"))
    assert done(here, job) == ["done"]
    got, _ = here.client.download(job, tmp_path / "got", frozenset())
    assert "scan.part-1.jpg" in {path.name for path in got}


def test_pictures_changed_after_submission_are_refused(
    here: Here, photo: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copyfile(photo, folder / "1.png")
    job = here.submit(folder, outputs=CSV)
    data = (folder / "1.png").read_bytes()
    with (folder / "1.png").open("r+b") as file:
        file.write(bytes(reversed(data)))
    assert done(here, job) == ["failed"]
    assert "changed since it was submitted" in (here.client.status(job).items[0].error or "")


def test_what_is_no_file_is_refused_at_once(here: Here, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(FerBatchError, match="not a regular file"):
        here.submit(tmp_path / "pipe.mp4")


def test_an_empty_text_names_no_job(here: Here, clip: Path) -> None:
    """A variable that is not set must not remove the newest job."""
    here.submit(clip)
    with pytest.raises(FerBatchError, match="empty"):
        here.client.resolve("")


def test_results_come_before_more_is_begun(here: Here, photo: Path, tmp_path: Path) -> None:
    """What is near its end goes first, so that a large job shows results early."""
    paths = []
    for number in range(12):
        paths.append(tmp_path / str(number))  # a folder for each: photos named alone are a set
        paths[-1].mkdir()
        cv2.imwrite(str(paths[-1] / "a.png"), pictures.numbered(number))
    here.submit(*paths, outputs=CSV)
    did = [key for key, _ in here.drain()]
    probes = [n for n, key in enumerate(did) if "/probe/" in key]
    finishes = [n for n, key in enumerate(did) if "/finish/" in key]
    assert len(probes) == len(finishes) == 12
    assert finishes[0] < probes[-1]


def test_one_lost_file_does_not_keep_the_others_back(
    here: Here, photo: Path, tmp_path: Path
) -> None:
    paths = [tmp_path / str(number) for number in range(3)]
    for path in paths:
        path.mkdir()
        shutil.copyfile(photo, path / "a.png")
    job = here.submit(*paths, outputs=CSV)
    assert done(here, job) == ["done"] * 3
    here.client.storage.delete(f"{keys.item(job, 0)}/out/timeline.csv")
    with pytest.raises(StorageError, match="the rest is downloaded"):
        here.client.download(job, tmp_path / "got", frozenset())
    got = {path.parent.name for path in (tmp_path / "got").glob("*/timeline.csv")}
    assert got == {"1", "2"}


def test_what_is_certain_to_be_done_is_no_failure(
    here: Here, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis that is full by the last step: the job's id is told, and a sweep takes the job up."""

    def full(*words: object) -> None:
        raise BrokerError("Redis is out of memory")

    request = Request(paths=(photo,), outputs=CSV, use_cache=False)
    with monkeypatch.context() as patch:
        patch.setattr(here.client, "publish", full)
        handed_out = here.client.submit(request)
    with monkeypatch.context() as patch:
        patch.setattr(here.client.ledger, "create", full)
        entered = here.client.submit(request)
    for submitted in (handed_out, entered):
        assert submitted.notes[-1].startswith("Redis is out of memory; the job is kept")
    assert read_status(here.client.ledger, handed_out.job_id) is not None
    assert read_status(here.client.ledger, entered.job_id) is None
    here.client.ledger.client.zadd(PREFIX + "uploading", {entered.job_id: 1})  # long ago
    collect.collect(here.client.ledger, here.client.storage, here.client.publish)
    here.drain()
    assert here.client.status(entered.job_id).state == "done"
