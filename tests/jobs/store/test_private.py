"""What fer-batch keeps is its user's alone, whatever the umask; inputs stay as they are."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fer_batch.atomic import atomic_path, make_private
from fer_batch.errors import StorageError
from fer_batch.jobs.store.connect import open_storage
from fer_batch.jobs.store.folder_storage import FolderStorage
from tests.jobs.here import Here


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_storage_is_private(tmp_path: Path, umask: int) -> None:
    storage = open_storage(str(tmp_path / "state" / "storage"))
    storage.put_bytes("jobs/a/manifest.json", b"{}")
    source = tmp_path / "in.png"
    source.write_bytes(b"1")
    source.chmod(0o640)
    storage.put_file(source, "inputs/ab/x.png")
    storage.get_file("jobs/a/manifest.json", tmp_path / "cache" / "copy")
    storage.make_folder("jobs/a/0/out")
    private = [tmp_path / "state", tmp_path / "cache"]
    for root in private:
        for path in (root, *root.rglob("*")):
            if path.name != "x.png":
                assert mode(path) == (0o700 if path.is_dir() else 0o600), path
    assert mode(source) == 0o640, "a link is the user's own file"


def test_the_group_may_be_let_in(tmp_path: Path, umask: int) -> None:
    storage = open_storage(str(tmp_path / "storage"), group=True)
    storage.put_bytes("jobs/a/manifest.json", b"{}")
    assert mode(tmp_path / "storage" / "jobs") == 0o770
    assert mode(tmp_path / "storage" / "jobs" / "a" / "manifest.json") == 0o660


def test_what_earlier_versions_left_open_is_closed(tmp_path: Path) -> None:
    for name in ("jobs/a", "inputs/ab", "same"):
        (tmp_path / name).mkdir(parents=True, mode=0o755)
    open_storage(str(tmp_path)).put_bytes("jobs/b/manifest.json", b"{}")
    assert {mode(tmp_path / name) for name in ("jobs", "inputs", "same")} == {0o700}


def test_a_copy_is_private_a_folder_that_is_there_is_left(tmp_path: Path, umask: int) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    with atomic_path(shared / "new" / "file", mode=0o700) as temporary:
        temporary.write_bytes(b"")
    assert (mode(shared), mode(shared / "new"), mode(shared / "new/file")) == (0o755, 0o700, 0o600)
    make_private(shared / "a" / "b")
    assert mode(shared / "a") == mode(shared / "a" / "b") == 0o700


def test_a_job_leaves_nothing_for_others_to_read(here: Here, clip: Path, tmp_path: Path) -> None:
    """A private video and a private photo; another user of the machine sees neither."""
    private = tmp_path / "private.mp4"
    shutil.copyfile(clip, private)
    private.chmod(0o600)
    here.submit(private)
    here.drain()
    assert mode(private) == 0o600
    for root in (Path(here.settings.storage_url), here.settings.cache_dir):
        for path in [root, *root.rglob("*")] if root.exists() else []:
            # As another user sees it: closed itself, or behind a folder that is.
            barred = [p for p in (path, *path.parents) if p.is_relative_to(root) and p.exists()]
            assert any(not mode(p) & 0o077 for p in barred), path


def test_links_do_not_lead_out_of_the_storage(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(b"1")
    storage = FolderStorage(tmp_path / "storage")
    storage.put_bytes("jobs/a/x", b"")
    (tmp_path / "storage" / "jobs" / "b").symlink_to(outside)
    calls: tuple[Callable[[], object], ...] = (
        lambda: storage.put_bytes("jobs/b/x", b""),
        lambda: storage.put_file(outside / "kept", "jobs/b/x"),
        lambda: storage.make_folder("jobs/b/out"),
        lambda: storage.delete("jobs/b/kept"),
    )
    for call in calls:
        with pytest.raises(StorageError, match="a link that leads out"):
            call()
    storage.delete("jobs/b")
    assert [path.name for path in outside.iterdir()] == ["kept"]
