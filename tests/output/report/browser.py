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
def ended_by_force(processes: Iterable[psutil.Process], after_s: float) -> Iterator[None]:
    """What is done inside ends within ``after_s``, or ``processes`` and their children are killed.

    Playwright waits without a limit for what a page evaluates and for a browser to close.
    """

    def kill() -> None:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                for one in [*process.children(recursive=True), process]:
                    with suppress(psutil.NoSuchProcess):
                        one.kill()

    timer = threading.Timer(after_s, kill)
    timer.start()
    try:
        yield
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
        with ended_by_force(self._processes, limit_s):
            yield self._browser

    def close(self) -> None:
        if self._browser is not None:
            with ended_by_force(self._processes, after_s=30):
                self._browser.close()
