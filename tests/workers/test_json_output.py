"""With ``--log-format json`` every line is an object, whoever has printed it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.workers.test_stopping import FER_BATCH, ROOT, children, ends, start, until
from workers.relay import MOST, relay


def passed_on(data: bytes) -> list[dict[str, Any]]:
    out = io.BytesIO()
    relay(io.BytesIO(data), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_objects_go_through_and_all_else_becomes_one() -> None:
    first, second, third, fourth = passed_on(
        b'{"level": "info", "n": 1}\n\n  Traceback:\r\n{"cut off": \n[1]'
    )
    assert first == {"level": "info", "n": 1}
    assert (second["message"], second["logger"]) == ("  Traceback:", "output")
    assert (third["message"], fourth["message"]) == ('{"cut off": ', "[1]")
    assert third["time"].endswith("Z")


def test_bytes_that_are_no_text_and_lines_without_end() -> None:
    found = passed_on(b"\xff\x00\n" + b"x" * (2 * MOST + 5))
    assert found[0]["message"] == "\ufffd\x00"
    assert [len(line["message"]) for line in found[1:]] == [MOST, MOST, 5]


LOUD = """
import os, sys, threading, warnings
from workers import json_output, logs
with json_output.where_wanted():
    logs.begin("INFO")
    print("on stdout")
    os.write(2, b"native words\\n")
    warnings.warn("a warning\\nof two lines")
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start(); thread.join()
    os.system("echo of a program >&2")
    raise ValueError("not caught")
"""


def test_of_a_process_and_what_it_starts(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOUD],
        env={**os.environ, "FER_BATCH_LOG_FORMAT": "json", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, b"")
    found = [json.loads(line) for line in done.stderr.splitlines()]
    said = [line["message"] for line in found]
    assert {"on stdout", "native words", "of a program", "division by zero"} <= set(said)
    (warned,) = [text for text in said if "a warning" in text]
    assert "of two lines" in warned
    assert said[-1] == "not caught" and "ValueError" in found[-1]["error"]


def test_of_a_real_worker(redis_url: str, tmp_path: Path) -> None:
    words = ("-c", FER_BATCH, "worker", "--log-format", "json")
    process = start(tmp_path, redis_url, *words)
    until(tmp_path, " ready.")
    with redis.Redis.from_url(redis_url) as client:
        client.lpush("fb:q:analyze:3", "garbage")
    until(tmp_path, "is damaged and dropped")
    (child,) = [pid for pid in children(process.pid) if "spawn_main" in command_of(pid)]
    os.kill(int(child), signal.SIGKILL)
    until(tmp_path, "exited with")
    process.send_signal(signal.SIGINT)
    assert ends(process) == 0
    found = [json.loads(line) for line in until(tmp_path, "Warm shutdown").splitlines()]
    assert all(isinstance(line, dict) and line["level"] for line in found)


def command_of(pid: str) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


@pytest.mark.parametrize("words", [("--queues", "none"), ("--name", "a/b")])
def test_what_keeps_a_worker_from_starting(
    words: tuple[str, ...], redis_url: str, tmp_path: Path
) -> None:
    process = start(tmp_path, redis_url, "-c", FER_BATCH, "worker", "--log-format=json", *words)
    assert ends(process) == 2
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert words[0].strip("-") in json.loads(line)["message"]
