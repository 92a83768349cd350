"""The limits of coverage, over reports as coverage itself writes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.check_coverage import problems

ROOT = Path(__file__).parents[2]
SOURCE = """
def half(flag):
    if flag:
        return 1
    return 2

half(True)
"""


def report(total: float, **files: float) -> dict[str, object]:
    return {
        "totals": {"percent_covered": total},
        "files": {f"{n}.py": {"summary": {"percent_covered": p}} for n, p in files.items()},
    }


def test_each_limit_is_named() -> None:
    assert problems(report(90.0, a=70.0, b=100.0)) == []
    assert problems(report(89.9, a=89.9)) == ["all files: 89.9 % covered, at least 90 % wanted"]
    assert problems(report(95.0, a=99.0, b=69.9)) == ["b.py: 69.9 % covered, at least 70 % wanted"]


@pytest.mark.parametrize(("more", "status"), [("half(False)", 0), ("", 1)])
def test_a_real_report_of_branches(tmp_path: Path, more: str, status: int) -> None:
    (tmp_path / "it.py").write_text(SOURCE + more)

    def coverage(*words: str) -> str:
        command = [sys.executable, "-m", "coverage", *words]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout

    coverage("run", "--branch", "it.py")
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "check_coverage.py")],
        input=coverage("json", "-q", "-o", "-"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert json.loads(coverage("json", "-q", "-o", "-"))["meta"]["branch_coverage"]
