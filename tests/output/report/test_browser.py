import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.output.report.browser import Chromium, ended_by_force
from tests.output.report.conftest import LIMIT_S, playwright

DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True);"
    "time.sleep(600)"
)
WITH_A_CHILD = (
    "import sys, subprocess;"  # two would write one line at once
    f"child = subprocess.Popen([sys.executable, '-c', {DEAF!r}], stdout=subprocess.DEVNULL);"
    "print(child.pid, flush=True); child.wait()"
)
A_SOUND = """new Promise(done => {
  const context = new AudioContext();
  const tone = new OscillatorNode(context);
  tone.connect(context.destination);
  tone.start();
  setTimeout(done, 1000);
})"""


@contextmanager
def started(program: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A Python process, and the first line that it wrote."""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield child, child.stdout.readline().strip()
        finally:
            child.kill()


def test_what_does_not_end_is_ended() -> None:
    with started(DEAF) as (child, line):
        assert line == "deaf"
        with ended_by_force([psutil.Process(child.pid)], after_s=0.2):
            child.terminate()
            child.wait(timeout=60)
        assert child.returncode == -9


def test_its_children_are_ended_with_it() -> None:
    with started(WITH_A_CHILD) as (child, line):
        grandchild = psutil.Process(int(line))
        with ended_by_force([psutil.Process(child.pid)], after_s=0.2):
            child.wait(timeout=60)
        psutil.wait_procs([grandchild], timeout=60)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE


def test_whatever_is_done_in_time_is_left_alone() -> None:
    with started(DEAF) as (child, _):
        with ended_by_force([psutil.Process(child.pid)], after_s=0.5):
            pass
        time.sleep(1)
        assert child.poll() is None


@pytest.mark.browser
def test_a_page_without_end_is_an_error_and_the_next_one_opens(chromium: Chromium) -> None:
    with chromium.opened(LIMIT_S) as browser:
        before = browser
    with chromium.opened(limit_s=3) as browser, pytest.raises(playwright.Error, match="closed"):
        assert browser is before
        browser.new_page().evaluate("while (true) {}")
    with chromium.opened(LIMIT_S) as browser:
        assert browser is not before
        page = browser.new_page()
        assert page.evaluate("6 * 7") == 42
        page.context.close()


@pytest.mark.browser
@pytest.mark.skipif(sys.platform != "linux", reason="priorities are read as Linux has them")
def test_no_thread_of_it_goes_before_others(chromium: Chromium) -> None:
    with chromium.opened(LIMIT_S) as browser:
        page = browser.new_page()
        page.evaluate(A_SOUND)
        policies: dict[str, int] = {}
        for process in psutil.Process().children(recursive=True):
            # Threads and processes may end while they are looked at.
            with suppress(psutil.NoSuchProcess):
                for thread in process.threads():
                    with suppress(FileNotFoundError, ProcessLookupError):
                        comm = Path(f"/proc/{process.pid}/task/{thread.id}/comm")
                        name = f"{process.pid}/{thread.id} {comm.read_text().strip()}"
                        policies[name] = os.sched_getscheduler(thread.id)
        page.context.close()
    assert any("Audio" in name for name in policies)
    assert {name for name, policy in policies.items() if policy != os.SCHED_OTHER} == set()
