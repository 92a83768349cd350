"""doctor: sound installations are called so, broken ones are named with what to do."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from fer_batch.cli.doctor import checks as check
from fer_batch.cli.doctor import doctor
from fer_batch.cli.doctor.check import Check
from fer_batch.emotion import models
from tests.end_to_end.conftest import fer_batch


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this user's own queue is looked at."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("FER_BATCH_REDIS_URL", "FER_BATCH_STORAGE"):
        monkeypatch.delenv(name, raising=False)


def test_a_sound_installation(tmp_path: Path) -> None:
    done = fer_batch("doctor", "-o", tmp_path / "new" / "folder", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["ok"]) == (0, True), found
    by_name = {c["name"]: c for c in found["checks"]}
    assert {"python", "cpu", "gpu", "codecs", "model fer3", "detector", "output"} <= set(by_name)
    assert "h264" in by_name["codecs"]["found"] and "libx264" in by_name["codecs"]["found"]
    assert not (tmp_path / "new").exists()
    assert done.stderr == ""


def test_words_for_people(tmp_path: Path) -> None:
    done = fer_batch("doctor", "-o", tmp_path)
    assert done.stdout.endswith("all checks passed\n")
    assert all(line[0] in "✓!" for line in done.stdout.splitlines()[:10])


def test_a_place_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = fer_batch("doctor", "-o", tmp_path / "file")
    assert done.returncode == 1
    assert "✗ output" in done.stdout and "is a file" in done.stdout
    assert "1 check failed" in done.stdout


def test_damaged_weights_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for file in models.models_dir().iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    damaged = tmp_path / "fer3.tflite"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")
    monkeypatch.setattr(models, "models_dir", lambda: tmp_path)
    found = {c.name: c for c in check.check_models()}
    assert found["model fer3"].state == "wrong"
    assert "fer3.tflite" in found["model fer3"].found and found["model fer3"].advice
    assert found["detector"].state == "ok"


def test_no_models_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models, "models_dir", lambda: tmp_path)
    states = {c.name: c.state for c in check.check_models()}
    assert states["models"] == "wrong"


def test_a_gpu_is_asked_of_nvidias_own_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check.gpu_names() == []
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA H200'\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    assert check.gpu_names() == ["NVIDIA H200"]
    program.write_text("#!/bin/sh\nexit 9\n")
    assert check.gpu_names() == []


def test_a_check_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield Check("first", "ok", "fine")
        raise RuntimeError("no library\nmore")

    monkeypatch.setattr(check, "check_codecs", broken)
    found = {c.name: c for c in check.all_checks(tmp_path)}
    assert found["first"].state == "ok"
    assert found["codecs"].state == "wrong"
    assert found["codecs"].found == "RuntimeError: no library"
    assert "output" in found


def test_little_room_is_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(check, "NEEDED_BYTES", 1 << 62)
    assert [c.state for c in check.check_output(tmp_path)] == ["note"]
    assert list(tmp_path.iterdir()) == []
    assert set(doctor.MARKS) == {"ok", "note", "wrong"}
