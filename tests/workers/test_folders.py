"""Folders of workers: held while one lives, however it dies removed by the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from workers.folders import LOCK, UNKNOWN_S, hold, remove_left

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


def test_a_held_name_is_not_taken(tmp_path: Path, caplog) -> None:  # type: ignore[no-untyped-def]
    first = hold(tmp_path / "embedded")
    second = hold(tmp_path / "embedded")
    assert "held by another" in caplog.text
    assert (tmp_path / "embedded" / LOCK).stat().st_mode & 0o77 == 0
    os.close(first)
    os.close(second)
