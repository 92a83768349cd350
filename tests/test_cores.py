"""How many cores: affinity and control groups, in both versions, seen from host and container."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fer_batch import cores

ROOT = Path(__file__).parents[1]


def groups(tmp_path: Path, own: str, files: dict[str, str]) -> list[float]:
    mount, told = tmp_path / "cgroup", tmp_path / "own"
    told.write_text(own)
    for name, text in files.items():
        (mount / name).parent.mkdir(parents=True, exist_ok=True)
        (mount / name).write_text(text)
    return sorted(cores.quotas(mount, told))


V1 = "3:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n"


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, [1.5]),
        ("0::/\n", {"cpu.max": "max 100000\n"}, []),
        (
            "0::/pods/one\n",
            {"pods/cpu.max": "400000 100000", "pods/one/cpu.max": "max 100000"},
            [4.0],
        ),
        # The host's path, seen in a container: the mount itself is the group.
        (
            V1,
            {"cpu,cpuacct/cpu.cfs_quota_us": "200000", "cpu,cpuacct/cpu.cfs_period_us": "100000"},
            [2.0],
        ),
        (
            V1,
            {
                "cpu/docker/abc/cpu.cfs_quota_us": "50000\n",
                "cpu/docker/abc/cpu.cfs_period_us": "100000\n",
                "cpu/cpu.cfs_quota_us": "-1\n",
                "cpu/cpu.cfs_period_us": "100000\n",
            },
            [0.5],
        ),
        ("0::/\n", {"cpu.max": "nonsense"}, []),
        ("0::/../x\n", {}, []),
    ],
)
def test_quotas(tmp_path: Path, own: str, files: dict[str, str], expected: list[float]) -> None:
    assert groups(tmp_path, own, files) == expected


def test_no_linux(tmp_path: Path) -> None:
    assert list(cores.quotas(tmp_path, tmp_path / "none")) == []


def test_the_least_counts_rounded_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    (tmp_path / "own").write_text("0::/\n")
    monkeypatch.setattr(cores, "CGROUPS", tmp_path)
    monkeypatch.setattr(cores, "OWN_GROUPS", tmp_path / "own")
    assert cores.usable_cores() == 8
    (tmp_path / "cpu.max").write_text("250000 100000")
    assert cores.usable_cores() == 3
    (tmp_path / "cpu.max").write_text("10000 100000")
    assert cores.usable_cores() == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_the_affinity_of_a_real_process() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from fer_batch.cores import usable_cores; print(usable_cores())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "1", done.stderr


def test_nobody_else_counts_cores() -> None:
    asked = ("cpu_count(", "sched_getaffinity(")
    found = [
        f.relative_to(ROOT).as_posix()
        for folder in ("fer_batch", "workers")
        for f in (ROOT / folder).rglob("*.py")
        if "_vendor" not in f.parts and any(word in f.read_text() for word in asked)
    ]
    assert found == ["fer_batch/cores.py"]
