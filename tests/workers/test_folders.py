"""Folders of workers: held while one lives, however it dies removed by the next."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fer_batch.errors import UsageError
from workers import folders
from workers.folders import LOCK, UNKNOWN_S, hold, remove_left, take

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
from pathlib import Path
from workers.folders import hold
hold(Path(sys.argv[1]))
(Path(sys.argv[1]) / "input.mp4").write_bytes(b"x" * 1000)
print("held", flush=True)
time.sleep(600)
"""


def holder(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None and process.stdout.readline() == b"held\n"
    return process


def test_removed_when_its_worker_is_killed(tmp_path: Path) -> None:
    process = holder(tmp_path / "worker-1@a")
    try:
        assert remove_left(tmp_path) == []
        assert (tmp_path / "worker-1@a" / "input.mp4").exists()
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert remove_left(tmp_path) == ["worker-1@a"]
    assert list(tmp_path.iterdir()) == []


def test_our_own_stays(tmp_path: Path) -> None:
    descriptor = hold(tmp_path / "own")
    assert descriptor is not None
    try:
        assert remove_left(tmp_path) == []
    finally:
        os.close(descriptor)
    assert remove_left(tmp_path) == ["own"]


def test_folders_without_a_lock_are_given_time(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    then = time.time() - UNKNOWN_S - 10
    os.utime(old, (then, then))
    (tmp_path / "a file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    assert remove_left(tmp_path) == ["old"]
    assert new.is_dir() and (tmp_path / "a file").exists()
    assert remove_left(tmp_path / "none") == []


def test_workers_of_one_name_are_told_apart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "GOING_S", 0.0)
    first = hold(tmp_path / "w@host")
    assert first is not None and hold(tmp_path / "w@host") is None
    assert take(tmp_path, "w", "host") == "w-2@host"
    assert take(tmp_path, "w", "host") == "w-3@host"
    assert "a worker here is called w already; this one is w-2@host" in caplog.text
    assert (tmp_path / "w@host" / LOCK).stat().st_mode & 0o77 == 0
    assert remove_left(tmp_path) == []
    os.close(first)
    assert take(tmp_path, "w", "host") == "w@host"
    assert take(tmp_path, "other", "host") == "other@host"


def test_the_name_of_a_worker_that_just_ends_is_waited_for(tmp_path: Path) -> None:
    process = holder(tmp_path / "w@host")
    threading.Timer(0.5, process.kill).start()
    assert take(tmp_path, "w", "host") == "w@host"
    process.communicate()


def test_a_folder_that_is_removed_while_it_is_taken_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker clears away what is left, between our opening of the lock and its locking."""
    real, struck = fcntl.flock, [False]

    def flock(descriptor: int, how: int) -> None:
        if not struck[0]:
            struck[0] = True
            shutil.rmtree(tmp_path / "w@host")
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert hold(tmp_path / "w@host") is not None
    assert (tmp_path / "w@host" / LOCK).exists() and struck[0]


def test_a_cache_where_nothing_can_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"^FER_BATCH_CACHE_DIR: \S*file/workers: not a directory"):
        take(tmp_path / "file" / "workers", "w", "host")
