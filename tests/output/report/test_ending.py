import subprocess
import sys
import time

import psutil

from tests.output.report.conftest import ended_by_force

DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True);"
    "time.sleep(600)"
)


def test_what_does_not_end_is_ended() -> None:
    child = subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "deaf\n"
    with ended_by_force([psutil.Process(child.pid)], after_s=0.2):
        child.terminate()
        child.wait(timeout=60)
    assert child.returncode == -9


def test_what_ends_by_itself_is_left_alone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    with ended_by_force([psutil.Process(child.pid)], after_s=0.2):
        child.wait(timeout=60)
        time.sleep(0.4)
    assert child.returncode == 0
