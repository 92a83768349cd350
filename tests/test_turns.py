"""Forks of a process take turns, and a turn ends with its process."""

from __future__ import annotations

import subprocess
import sys

FAMILY = """
import os, signal, sys, time
from fer_batch import turns

if sys.argv[1] == "shared":
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
os.set_blocking(told, False)
time.sleep(0.5)
try:
    waits = os.read(told, 13) == b""
except BlockingIOError:
    waits = True
os.kill(first, signal.SIGKILL)
os.waitpid(first, 0)
os.waitpid(second, 0)
print("waits" if waits else "does not wait")
if waits:
    assert os.read(told, 13) == b"second has it"
"""


def told(how: str) -> str:
    command = [sys.executable, "-c", FAMILY, how]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_one_waits_for_the_other_until_that_one_is_gone() -> None:
    assert told("shared") == "waits"


def test_nobody_waits_where_nothing_is_shared() -> None:
    assert told("apart") == "does not wait"
