"""A full disk: one line, nothing half-written, and the run can go on when there is room."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import PROGRAM

SCRIPT = """
mount -t tmpfs -o size="$4"k tmpfs "$1" || exit 77
"$2" run "$3" -o "$1/out" >&2
echo "status $?"
cd "$1/out" && find . -type f
mount -o remount,size=64m "$1" || exit 77
"$2" run "$3" -o "$1/out" >&2
echo "status $?"
find . -type f -name "*.mp4"
"""


@pytest.mark.parametrize("kilobytes", [448, 400, 176])
def test_no_space_left_on_the_disk(face_clip: Path, tmp_path: Path, kilobytes: int) -> None:
    """With 448 and 176 the list of failures does not fit either."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare: a small disk cannot be made here")
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        [unshare, "-rm", "sh", "-c", SCRIPT, "sh", disk, PROGRAM, face_clip, str(kilobytes)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode == 77 or "unshare:" in done.stderr:
        pytest.skip("a small disk cannot be made here")
    first, second = done.stdout.split("status ")[1:]
    assert first.startswith("1\n") and second.startswith("0\n"), done.stderr
    said = [line for line in done.stderr.splitlines() if "no space left" in line]
    assert len(said) == 1 and said[0].endswith("give the same command again")
    assert "Traceback" not in done.stderr
    files = first.splitlines()[1:]
    assert not [f for f in files if ".part-" in f or f.startswith("./two people/annotated")]
    assert "./two people/annotated.mp4" in second
