"""Keeps one worker running on a machine that has nobody else to restart it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from types import FrameType

from fer_batch.own_python import own_python
from workers.process import SUPERVISOR

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
GOOD_RUN_S = 60.0


def supervise(arguments: Sequence[str], module: str = "workers") -> int:
    """Run ``python -m module`` with ``arguments``; start it again when it dies.

    A run that ends in order (status 0) ends the supervisor. Signals are passed on.
    """
    stop = threading.Event()
    process: subprocess.Popen[bytes] | None = None

    def passed_on(number: int, frame: FrameType | None) -> None:
        stop.set()
        if process is not None and process.poll() is None:
            process.send_signal(number)

    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(name, passed_on)
    command = own_python("-m", module, *arguments)
    environment = {**os.environ, SUPERVISOR: str(os.getpid())}
    wait = FIRST_WAIT_S
    while not stop.is_set():
        begin = time.monotonic()
        process = subprocess.Popen(command, env=environment)
        if stop.is_set():
            process.send_signal(signal.SIGTERM)
        status = process.wait()
        if status == 0 or stop.is_set():
            return 0
        if time.monotonic() - begin > GOOD_RUN_S:
            wait = FIRST_WAIT_S
        print(f"worker ended with status {status}; starts again in {wait:g} s", flush=True)
        stop.wait(wait)
        wait = min(wait * 2, LONGEST_WAIT_S)
    return 0
