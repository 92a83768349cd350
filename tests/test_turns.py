"""Forks of a process take turns, and a turn ends with its process."""

from __future__ import annotations

import subprocess
import sys

FAMILY = """
import os, select, signal, sys, time
from fer_batch import turns

how, seconds = sys.argv[1], float(sys.argv[2])
if how == "shared":
    turns.share()
told, telling = os.pipe()
first = os.fork()
if first == 0:
    with turns.turn():
        os.write(telling, b"first has it ")
        time.sleep(60)
assert os.read(told, 13) == b"first has it "
second = os.fork()
if second == 0:
    with turns.turn():
        os.write(telling, b"second has it")
    os._exit(0)
waits = not select.select([told], [], [], seconds)[0]
os.kill(first, signal.SIGKILL)
os.waitpid(first, 0)
os.waitpid(second, 0)
assert os.read(told, 13) == b"second has it"
print("waits" if waits else "does not wait")
"""


def told(how: str, seconds: float) -> str:
    """Whether the second waits for so many seconds."""
    command = [sys.executable, "-c", FAMILY, how, str(seconds)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_one_waits_for_the_other_until_that_one_is_gone() -> None:
    assert told("shared", 0.5) == "waits"


def test_nobody_waits_where_nothing_is_shared() -> None:
    assert told("apart", 30) == "does not wait"
