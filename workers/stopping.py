"""Ctrl-C and SIGTERM end a worker with status 0, also before it has begun and while it starts.

Celery handles them once its worker runs. Its status after Ctrl-C is 1, as after a failure, so that
whoever supervises would start again what a person has just stopped. Nothing heavy is imported here.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

STOPPING = (signal.SIGINT, signal.SIGTERM)


def end_in_order() -> None:
    """Until Celery takes over, both signals end this process with status 0. Those that came while
    the interpreter started (``fer-batch worker`` holds them back) do so now."""

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(0)

    for number in STOPPING:
        signal.signal(number, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


def spare_children(app: Any) -> None:
    """Ctrl-C in a terminal reaches every process of a worker: let it be the parent's alone. So does
    SIGTERM where somebody sends it to all of them.

    Children that have not come so far as to ignore Ctrl-C would end in a traceback, and programs
    that they start (FFmpeg) in the middle of a unit. Those that end by SIGTERM while they start
    would be taken for children that cannot start, which ends the parent with status 1. They inherit
    that both are held back; SIGTERM, by which Celery ends children, until they have begun.
    """
    from celery import bootsteps, signals

    class Started(bootsteps.StartStopStep):  # type: ignore[misc]
        """After the children were started the parent takes the signals again."""

        requires = ("celery.worker.components:Pool",)

        def start(self, parent: Any) -> None:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

        def stop(self, parent: Any) -> None:
            """Nothing was opened."""

        terminate = stop

    app.steps["worker"].add(Started)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    # Those that are started later, in place of one that ended.
    signals.worker_process_init.connect(_child_begins, weak=False)


def _child_begins(**_: Any) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))


class Ending:
    """How Celery was asked to stop, as its signal ``worker_shutting_down`` tells."""

    def __init__(self) -> None:
        self.only_by_ctrl_c = False
        self._asked: list[tuple[str, str]] = []

    def asked(self, sig: str, how: str) -> None:
        """Note one more request."""
        self._asked.append((sig, how))
        self.only_by_ctrl_c = set(self._asked) == {("SIGINT", "Warm")}

    def status(self, celerys: int) -> int:
        """The exit status: 0 where one Ctrl-C was all, else Celery's own."""
        return 0 if self.only_by_ctrl_c else celerys
