"""A child as a process: forked by the fork server, or by this process where that is safe, else
started anew."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fer_batch.jobs.item.children import fork_server
from fer_batch.jobs.item.children.child import serve as serve
from fer_batch.jobs.item.children.fork_server import CannotForkError
from fer_batch.jobs.item.children.messages import send
from fer_batch.own_python import safe_path

END_S = 5.0

logger = logging.getLogger(__name__)


def can_fork() -> bool:
    """Whether a fork is safe now: this process has one thread, native ones counted in.

    A fork costs nothing; a new interpreter a quarter of a second of imports. The command line
    forks the fork server before anything heavy is loaded.
    """
    try:
        threads = len(list(Path("/proc/self/task").iterdir()))
    except OSError:  # no Linux
        return False
    return threads == 1


def _forked() -> tuple[Connection, Any] | None:
    """A child that the fork server forked; None where there is no fork server that can."""
    there = fork_server.current()
    try:
        return there.fork("serve") if there is not None else None
    except CannotForkError as error:
        logger.debug("children are started without the fork server: %s", error)
        fork_server.end()
        return None


def _started(others: tuple[Connection, ...]) -> tuple[Connection, Any]:
    """A child that this process has forked or started."""
    context: Any = multiprocessing.get_context("fork" if can_fork() else "spawn")
    pipe, theirs = context.Pipe()
    forked = context.get_start_method() == "fork"
    inherited = (pipe, *others) if forked else ()
    process = context.Process(target=serve, args=(theirs, inherited, os.getpid()), daemon=True)
    with safe_path():
        process.start()
    theirs.close()
    return pipe, process


class Child:
    """A process that runs ``serve``, and this end of its pipe."""

    def __init__(self, others: tuple[Connection, ...], hello: dict[str, Any]) -> None:
        """``others``: this process's ends of the pipes of other children."""
        self.pipe, self._process = _forked() or _started(others)
        self.send("hello", **hello)

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    def send(self, kind: str, **values: Any) -> bool:
        """Send a message; False where the child is gone."""
        return send(self.pipe, kind, **values)

    def how_it_ended(self) -> tuple[str, str]:
        """Code and words for a child that ended by itself."""
        self._process.join(END_S)
        status = self._process.exitcode
        if status is None or status >= 0:
            return "crash", f"its process ended (status {status}); the file may be damaged"
        name = signal.Signals(-status).name
        if name == "SIGXCPU":
            return "timeout", "reading it took too long; the file may be damaged"
        if name == "SIGKILL":
            return "crash", "its process was killed by the system, perhaps for want of memory"
        return "crash", f"its process crashed ({name}); the file may be damaged"

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """Let it end, and wait for that."""
        self.pipe.close()
        self._process.join(END_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
