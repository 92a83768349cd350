"""How a worker ends: in order by Ctrl-C and SIGTERM, at whatever moment they come."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from workers.stopping import Ending

ROOT = Path(__file__).parents[2]
FER_BATCH = "import sys; from fer_batch.cli.main import main; sys.argv[0] = 'fer-batch'; main()"


def start(
    folder: Path, redis_url: str, *words: str, before: Callable[[], None] | None = None, **more: str
) -> subprocess.Popen[bytes]:
    """An interpreter as a shell starts it, a process group of its own; its words in ``log``."""
    environment = {
        **os.environ,
        "FER_BATCH_REDIS_URL": redis_url,
        "FER_BATCH_STORAGE": str(folder / "storage"),
        "FER_BATCH_CACHE_DIR": str(folder / "cache"),
        "FER_BATCH_STATE_DIR": str(folder / "state"),
        "PYTHONPATH": str(ROOT),
        **more,
    }
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", *words],
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
            start_new_session=True,
            preexec_fn=before,
        )


def until(folder: Path, what: str, seconds: float = 60.0) -> str:
    """Wait until the log says ``what``; the whole of it."""
    deadline = time.monotonic() + seconds
    while what not in (said := (folder / "log").read_text()):
        assert time.monotonic() < deadline, said
        time.sleep(0.02)
    return said


def ends(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_end_a_worker_with_status_0(
    number: signal.Signals, redis_url: str, tmp_path: Path
) -> None:
    process = start(tmp_path, redis_url, "-c", FER_BATCH, "worker")
    until(tmp_path, " ready.")
    process.send_signal(number)
    assert ends(process) == 0, (tmp_path / "log").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_children_that_just_start_and_nobody_complains(
    number: signal.Signals, redis_url: str, tmp_path: Path
) -> None:
    """A terminal sends Ctrl-C to all of them; an interpreter that begins would end in a traceback.
    Children that end by SIGTERM would be taken for such as cannot start."""
    process = start(tmp_path, redis_url, "-c", FER_BATCH, "worker", "--concurrency", "3")
    begun = {signal.SIGINT: "[tasks]", signal.SIGTERM: "Connected to "}[number]
    until(tmp_path, begun)
    deadline = time.monotonic() + 60
    while len(children(process.pid)) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.killpg(process.pid, number)
    assert ends(process) == 0, (tmp_path / "log").read_text()
    assert not re.search("Traceback|CRITICAL", (tmp_path / "log").read_text())


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_came_while_the_interpreter_started(
    number: signal.Signals, redis_url: str, tmp_path: Path
) -> None:
    def struck() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [number])  # as `fer-batch worker` does
        os.kill(os.getpid(), number)

    process = start(tmp_path, redis_url, "-m", "workers", before=struck)
    assert ends(process) == 0
    assert (tmp_path / "log").read_text() == ""


def test_a_second_ctrl_c_that_gives_nothing_back_is_no_order() -> None:
    ending = Ending()
    assert ending.status(1) == 1, "an error that Celery cannot survive"
    ending.asked("SIGINT", "Warm")
    assert ending.status(1) == 0
    ending.asked("SIGINT", "Cold")
    assert ending.status(1) == 1


def test_a_file_in_the_folder_where_a_worker_is_started_is_no_part_of_it(
    redis_url: str, tmp_path: Path
) -> None:
    """Celery looks there first, and so does an interpreter that is given its program in words."""
    for name in ("grp", "signal", "billiard", "workers", "celery", "multiprocessing"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'struck')!r}, 'a').write('!')")
    process = start(tmp_path, redis_url, "-c", FER_BATCH, "worker")
    until(tmp_path, "calling self.run()")
    process.send_signal(signal.SIGTERM)
    assert ends(process) == 0
    assert not (tmp_path / "struck").exists()


def test_a_name_that_leads_elsewhere_is_refused(redis_url: str, tmp_path: Path) -> None:
    process = start(tmp_path, redis_url, "-c", FER_BATCH, "worker", "--name", "../../x")
    assert ends(process) == 2
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert line == "fer-batch: --name: letters, digits, dots, - and _, 64 at most"
