"""The parent's side of the fork server, a process that loads what children need and forks each.

A child that it forks has modules and networks from its first moment on, and shares the memory that
these lie in with all others. It is a child of this process all the same: a process in between ends
at once, and the kernel gives its child to us. So we learn how it ended as of any child, and it
outlives a fork server that crashed. Python's own fork server would begin as a new interpreter and
cannot be told what to load later. Linux only; elsewhere there is none, and children are started as
ever (``process``).
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any

from fer_batch.door import parse_json

PR_SET_CHILD_SUBREAPER = 36
# Loading takes a second; a folder of programs that a network drive holds, some more.
FORK_S = 60.0
POLL_S = 0.002
LONGEST_BYTES = 1 << 16


class CannotForkError(Exception):
    """The fork server cannot fork, or is gone: children are started without it."""


class Forked:
    """A child that the fork server forked: as much of ``multiprocessing.Process`` as is needed."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    @property
    def exitcode(self) -> int | None:
        """Its exit status, or the negative number of the signal that ended it; None: it lives."""
        if self._status is None:
            try:
                ended, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # whoever started us has the kernel forget ended children
                ended, status = self.pid, 0
            if ended:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, or for so many seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while self.exitcode is None and (until is None or time.monotonic() < until):
            time.sleep(POLL_S)

    def kill(self) -> None:
        """End it at once."""
        if self.exitcode is None:
            os.kill(self.pid, signal.SIGKILL)


class ForkServer:
    """A process that runs ``live``, and this end of what we talk to it by."""

    def __init__(self, live: Callable[[socket.socket, int], None]) -> None:
        """Fork it. Only for a process of one thread.

        ``live``: its life, given its end and who we are; it returns when it is no longer needed.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.owner = os.getpid()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                ours.close()
                live(theirs, self.owner)
                status = 0
            finally:
                os._exit(status)  # whatever happens: the parent's work is not for two
        theirs.close()
        ours.settimeout(FORK_S)
        self._socket, self._process = ours, Forked(pid)
        self._told: list[dict[str, Any]] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, kind: str, **values: Any) -> None:
        """Say what children will need: it is loaded before one is wanted. Once is enough."""
        if (what := {"kind": kind, **values}) not in self._told:
            self._told.append(what)
            with suppress(OSError):  # it is gone: the next fork says so
                self._socket.send(json.dumps(what).encode())

    def fork(self, task: str) -> tuple[Connection, Forked]:
        """A new child of this process that does ``task``, and our end of its pipe.

        Raises:
            CannotForkError: it cannot be.
        """
        ours, theirs = Pipe()
        try:
            with theirs, _orphans_are_ours():
                asked = json.dumps({"kind": "fork", "task": task}).encode()
                socket.send_fds(self._socket, [asked], [theirs.fileno()])
                forked = self._answer()
            child = Forked(int(forked["pid"]))
            if child.exitcode is not None:  # not ours after all, or ended before it began
                raise CannotForkError("the kernel gave its child to somebody else")
        except (OSError, ValueError, KeyError, TypeError) as error:
            ours.close()
            raise CannotForkError(str(error)) from error
        except BaseException:
            ours.close()
            raise
        return ours, child

    def end(self) -> None:
        """End it; its children go on."""
        self._socket.close()
        if os.getpid() == self.owner:
            self._process.kill()
            self._process.join()

    def _answer(self) -> dict[str, Any]:
        said = self._socket.recv(LONGEST_BYTES)
        if not said:
            raise CannotForkError("it has ended")
        answer = parse_json(said, LONGEST_BYTES)
        if not isinstance(answer, dict) or "no" in answer:
            raise CannotForkError(str(answer))
        return answer


@contextmanager
def _orphans_are_ours() -> Iterator[None]:
    """Whoever loses its parent meanwhile becomes a child of this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this kernel gives orphans to the first process alone")
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


_of_this_process: list[ForkServer] = []


def begin(live: Callable[[socket.socket, int], None]) -> None:
    """Fork the fork server of this process, unless there is one. See ``ForkServer``."""
    if current() is None and sys.platform.startswith("linux"):
        _of_this_process.clear()
        with suppress(OSError):
            _of_this_process.append(ForkServer(live))


def current() -> ForkServer | None:
    """The fork server of this process, if it has one. A fork of this process has none."""
    return next((one for one in _of_this_process if one.owner == os.getpid()), None)


def end() -> None:
    """End the fork server of this process, if it has one."""
    there = current()
    _of_this_process.clear()
    if there is not None:
        there.end()
