"""The folder of one input's results: what can be in it, what is taken away, who works there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fer_batch.errors import OutputPathError
from fer_batch.jobs.item.results import (
    alone,
    keep_record,
    outputs_intact,
    remove_outputs,
)
from fer_batch.output.stored import read_record
from fer_batch.outputs import RECORD


def test_a_summary_cannot_name_files_elsewhere_for_removal(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for path in (tmp_path / "mine.txt", out / "old.csv", out / "summary.json"):
        path.touch()
    listed = ["old.csv", "../mine.txt", str(tmp_path / "mine.txt"), ".", ""]
    remove_outputs(out, {"outputs": {name: {} for name in listed}})
    assert [p.name for p in tmp_path.iterdir()] in (["mine.txt", "out"], ["out", "mine.txt"])
    assert list(out.iterdir()) == []


def test_what_a_run_that_stopped_has_left_is_taken_away_too(tmp_path: Path) -> None:
    for name in ("timeline.csv", "notes.txt", "report/0.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    remove_outputs(tmp_path, {})
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["notes.txt"]


def test_a_record_serves_where_there_is_no_summary(tmp_path: Path) -> None:
    assert read_record(tmp_path) == {}
    keep_record(
        tmp_path,
        {"outputs": {"timeline.csv": {"sha256": "0" * 64}}, "input": {}, "frames": {"total": 1}},
    )
    found = read_record(tmp_path)
    assert list(found["outputs"]) == ["timeline.csv"]
    assert not outputs_intact(tmp_path, found)
    (tmp_path / RECORD).write_text("[]")
    assert read_record(tmp_path) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="no locks on folders there")
def test_a_folder_is_free_again_when_its_process_has_died(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from fer_batch.jobs.item.results import alone\n"
        "with alone(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    with pytest.raises(OutputPathError, match="another fer-batch"), alone(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with alone(tmp_path):
        pass
