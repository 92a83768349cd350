"""One GPU for each child."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fer_batch import gpus


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of /dev of a machine that was told nothing."""
    monkeypatch.setattr(gpus, "DEVICES", tmp_path)
    monkeypatch.delenv(gpus.VISIBLE, raising=False)
    for name in ("nvidiactl", "nvidia-uvm", "nvidia-caps", "null"):
        (tmp_path / name).touch()
    return tmp_path


def test_a_machine_without_a_gpu(machine: Path) -> None:
    assert gpus.gpus() == []
    assert gpus.pin(0) == "" and gpus.VISIBLE not in os.environ


def test_devices_are_counted_whatever_their_numbers(machine: Path) -> None:
    for number in (0, 3, 12):
        (machine / f"nvidia{number}").touch()
    assert gpus.gpus() == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("named", "there"),
    [
        ("", []),
        ("-1", []),
        ("2", ["2"]),
        ("1, 3", ["1", "3"]),
        ("0,-1,1", ["0"]),
        ("1,1", ["1"]),
        ("GPU-8932f937,MIG-1234", ["GPU-8932f937", "MIG-1234"]),
    ],
)
def test_what_the_environment_names(
    named: str, there: list[str], machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine / "nvidia0").touch()
    monkeypatch.setenv(gpus.VISIBLE, named)
    assert gpus.gpus() == there


def test_children_share_the_gpus_evenly(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        (machine / f"nvidia{number}").touch()
    pinned = []
    for child in range(6):
        monkeypatch.delenv(gpus.VISIBLE, raising=False)
        pinned.append(gpus.pin(child))
        assert gpus.gpus() == [pinned[-1]]
        assert gpus.pin(child) == pinned[-1], "a second time changes nothing"
    assert pinned == ["0", "1", "2"] * 2
