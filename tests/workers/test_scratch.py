"""Temporary folders of workers, real processes that are killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.faults.processes import ROOT

HOLDS = """
import tempfile
from workers.scratch import scratch

with scratch():
    tempfile.mkdtemp(prefix="pymp-")
    print("holds", flush=True)
    input()
"""


def worker(folder: Path) -> subprocess.Popen[str]:
    """A process that has such a folder, with something of a library's in it."""
    made = subprocess.Popen(
        [sys.executable, "-c", HOLDS],
        env={"TMPDIR": str(folder), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert made.stdout is not None and made.stdout.readline() == "holds\n"
    return made


def test_what_a_killed_worker_left_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "fer-batch-worker-just-made").mkdir()  # by one that has not locked it yet
    kept = {path.name for path in tmp_path.iterdir()}

    def made() -> set[str]:
        return {path.name for path in tmp_path.iterdir()} - kept

    killed = worker(tmp_path)
    (left,) = made()
    assert [path.name[:5] for path in (tmp_path / left).iterdir() if path.is_dir()] == ["pymp-"]
    alive = worker(tmp_path)
    assert len(made()) == 2
    killed.kill()
    killed.communicate()
    third = worker(tmp_path)
    assert len(made()) == 2 and left not in made(), "of those who work nothing is removed"
    for one in (alive, third):
        one.communicate("\n")
    assert made() == set()
