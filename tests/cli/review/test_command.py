"""``fer-batch review`` as a process: one address, until it is stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

COMMAND = [sys.executable, "-m", "fer_batch.cli.main", "review"]


def test_it_serves_until_it_is_stopped(out: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, str(out), "--print"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        with build_opener(HTTPCookieProcessor()).open(address, timeout=20) as answer:
            assert answer.status == 200 and b"day 1/talk" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_a_folder_without_results_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, str(tmp_path), "--print"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "holds no results" in done.stderr
