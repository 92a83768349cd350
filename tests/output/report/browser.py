"""The machine's own Chromium, driven by Playwright, and never waited for without end."""

from __future__ import annotations

import os
import shlex
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def of_ordinary_priority(program: str, folder: Path) -> str:
    """``program``, by a script in ``folder`` that takes the right to go before others from it.

    Run as root, Chromium gives its sound threads a real-time priority. Such a thread that spins
    leaves nothing of its core to whoever would end it.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None or os.geteuid() != 0:
        return program
    script = folder / "chromium"
    command = shlex.join([setpriv, "--bounding-set=-sys_nice", "--inh-caps=-sys_nice", program])
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    script.chmod(0o755)
    return str(script)


@contextmanager
def ended_by_force(
    processes: Iterable[psutil.Process], after_s: float
) -> Iterator[threading.Event]:
    """What is done inside ends within ``after_s``, or ``processes`` and their children are killed,
    and the event is set.

    Playwright waits without a limit for what a page evaluates and for a browser to close.
    """
    forced = threading.Event()

    def kill() -> None:
        forced.set()
        # The eldest first: a browser that outlives its page would tell of a page that crashed.
        for process in sorted(processes, key=psutil.Process.create_time):
            with suppress(psutil.NoSuchProcess):
                for one in [process, *process.children(recursive=True)]:
                    with suppress(psutil.NoSuchProcess):
                        one.kill()

    timer = threading.Timer(after_s, kill)
    timer.start()
    try:
        yield forced
    finally:
        timer.cancel()


class Chromium:
    """A browser that is started when it is asked for, and again after it had to be ended."""

    def __init__(self, driver: Any, program: str) -> None:
        self._driver = driver
        self._program = program
        self._browser: Any = None
        self._processes: set[psutil.Process] = set()

    @contextmanager
    def opened(self, limit_s: float) -> Iterator[Any]:
        """Playwright's browser, ended by force if this takes longer than ``limit_s``; whoever
        waits for it then gets Playwright's error."""
        if self._browser is None or not self._browser.is_connected():
            before = set(psutil.Process().children(recursive=True))
            self._browser = self._driver.chromium.launch(executable_path=self._program, args=FLAGS)
            self._processes = set(psutil.Process().children(recursive=True)) - before
        with ended_by_force(self._processes, limit_s) as forced:
            try:
                yield self._browser
            finally:
                if forced.is_set():  # Playwright may not know yet that it is gone
                    self._browser = None

    def close(self) -> None:
        if self._browser is not None:
            with ended_by_force(self._processes, after_s=30):
                self._browser.close()
