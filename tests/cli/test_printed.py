"""What commands print, of names that strangers chose; and where nothing can be printed."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fer_batch.cli.queue.show import ended_line, live_view, plain_lines
from fer_batch.jobs.item.outcome import ItemResult
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.jobs.ledger.heartbeat import WorkerInfo
from fer_batch.jobs.ledger.job_status import ItemStatus, JobStatus

EVIL = "a\x1b[31m\x9b0m\u202eb\x07.mp4"
CODES = ("\x1b[31m", "\x9b", "\u202e", "\x07")


def fer_batch(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fer_batch.cli.main", *words]
    return subprocess.run(command, text=True, capture_output=True, check=False, **more)  # type: ignore[call-overload]


def clean(text: str) -> bool:
    return not [code for code in CODES if code in text]


def evil_job() -> tuple[JobStatus, list[WorkerInfo]]:
    item = ItemStatus(EVIL, EVIL, "running", EVIL, 1, 2, 1.0, 1.0, (EVIL,), None)
    failed = ItemStatus(EVIL, EVIL, "failed", "", 1, 2, 1.0, None, (), EVIL)
    done = ItemStatus(EVIL, EVIL, "done", "", 2, 2, 1.0, None, (EVIL,))
    items = (item, failed, done)
    job = JobStatus("a" * 20, EVIL, "running", "normal", 1.0, None, 3, 1, EVIL, items)
    return job, [WorkerInfo(EVIL, "analyze", "cpu", "1", "1", f"{'a' * 20} 0/{EVIL}/0", 3.0)]


def test_a_status_of_evil_names(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    from fer_batch.cli.console import echo

    job, workers = evil_job()
    for line in [*plain_lines(job, workers), *(ended_line(i, job) for i in range(3))]:
        echo(line)
    Console(force_terminal=True, color_system=None, width=200).print(
        live_view(job, workers, 200, 40)
    )
    printed = capsys.readouterr().out
    assert clean(printed) and "\\u001b[31m" in printed


@pytest.mark.parametrize("kind", ["Silent", "Plain", "Bars"])
def test_a_run_of_evil_names(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    from fer_batch.cli import show

    observer = show.Silent() if kind == "Silent" else getattr(show, kind)(3)
    item = ItemSpec(EVIL, EVIL)
    with observer:
        for number, state in enumerate(("failed", "reused", "cancelled")):
            observer.item_started(number, item)
            observer.stage(number, "probe", 0)
            summary = {"warnings": [EVIL]}
            result = ItemResult(item, Path(EVIL), state, error=EVIL, summary=summary)  # type: ignore[arg-type]
            observer.item_ended(number, result)
    captured = capsys.readouterr()
    assert clean(captured.out + captured.err) and captured.out + captured.err


def test_errors_and_missing_inputs(tmp_path: Path) -> None:
    for words in (("run", EVIL), ("report", EVIL), ("open", EVIL, "--print"), ("models", EVIL)):
        done = fer_batch(*words, cwd=tmp_path)
        assert done.returncode and clean(done.stdout + done.stderr), done
        assert "Traceback" not in done.stderr


def test_tables_hold_no_formulas(tmp_path: Path) -> None:
    """A folder of inputs with the names of formulas: every cell of every table is a text."""
    import cv2

    from tests.footage import pictures

    folder = tmp_path / "=in"
    folder.mkdir()
    picture = pictures.two_faces(1)[0]
    for name in ("=1+1.png", "+x.png", "-x.png", "@x.png"):
        ok, data = cv2.imencode(".png", picture)
        assert ok
        (folder / name).write_bytes(data.tobytes())
    (tmp_path / "-2.mp4").write_bytes(b"no video")
    done = fer_batch(
        "run", "--outputs", "csv,summary,people,intervals,report", "-o", "out", "--",
        "=in", "-2.mp4", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1 and "Traceback" not in done.stderr, done
    tables = list((tmp_path / "out").rglob("*.csv"))
    assert len(tables) >= 3
    for table in tables:
        with table.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        for row in rows:
            for value in row:
                assert not value.startswith(("=", "+", "@", "\t", "\r")), (table, row)
                if value.startswith("-"):
                    float(value)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", [("models",), ("--version",), ("doctor", "--json"), ("--help",)])
def test_a_full_disk_behind_stdout_is_one_line(words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "fer_batch.cli.main", *words]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        "fer-batch: what was to be printed: no space left on device"
    ]


def test_a_tree_of_folders_is_walked_to_its_end(tmp_path: Path) -> None:
    """Deeper than Python calls itself; nothing in it, or one thing at its end."""
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1500):
            Path("d").mkdir()
            os.chdir("d")
        Path("x.mp4").write_bytes(b"no video")
    finally:
        os.chdir(here)
    done = fer_batch("run", ".", "-o", str(tmp_path.parent / "out-of-tree"), cwd=tmp_path)
    # pytest's own way of removing a folder calls itself as often as it is deep.
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr, done.stderr[-500:]
    assert "0 of 1 done, 1 failed" in done.stdout and done.stderr.count("\n") == 1
