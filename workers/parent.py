"""What a worker's parent process does beside Celery: heartbeat, sweep, watchdog, stopping."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from celery import signals
from celery.worker import state as celery_state

from fer_batch.errors import FerBatchError, UsageError
from fer_batch.jobs.ledger.heartbeat import beat, forget
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.queue.broker import Publisher
from fer_batch.jobs.queue.sweep import sweep
from fer_batch.jobs.settings import QueueSettings
from fer_batch.jobs.stack.processes import this_owner
from fer_batch.jobs.store.connect import open_storage
from fer_batch.jobs.store.storage import Storage
from fer_batch.version import installed_version
from workers import json_output
from workers.folders import remove_left
from workers.heartbeat import NAME, Heartbeat
from workers.process import STOP_FILE, SUPERVISOR, run_settings
from workers.stopping import Ending
from workers.watchdog import Watchdog

logger = logging.getLogger(__name__)
EXIT_STUCK = 70
CLEAN_S = 600.0  # how often folders of workers that are gone are looked for


class Caretaker(threading.Thread):
    """Beats, sweeps, and ends a worker that has stopped consuming."""

    def __init__(self, settings: QueueSettings, app: Any, name: str, queues: str) -> None:
        super().__init__(name="caretaker", daemon=True)
        self.settings = settings
        self.worker = name
        self.queues = queues
        self.device = "gpu" if run_settings().uses_gpu else "cpu"
        self.gpu = graphics_cards()
        self.ledger = Ledger(settings)
        self.storage: Storage | None = None
        self.publish = Publisher(settings, app)
        self.ended = threading.Event()
        self.turned = time.monotonic()
        self.ending = Ending()
        self.owner = this_owner()
        self._beaten = self._namesake_told = False
        self._cleaned = time.monotonic()
        self._watchdog = Watchdog(settings.watchdog_s)

    def run(self) -> None:
        while not self.ended.wait(self.settings.sweep_s):
            self.turned = time.monotonic()
            if self._orphaned():
                logger.warning("the supervisor is gone; this worker stops")
                os.kill(os.getpid(), signal.SIGTERM)
                return
            try:
                self.turn()
            except FerBatchError as error:
                self._watchdog.reset()
                logger.warning("%s", error)
            except Exception:
                logger.exception("caretaker failed; it goes on")

    def first(self) -> None:
        """Be known, and sweep, as soon as the worker is ready."""
        try:
            self.turn()
        except FerBatchError as error:
            logger.warning("%s", error)

    def in_order(self) -> bool:
        """Whether this thread turns, or has not begun because Redis has not answered yet. What
        Redis does is no matter: a worker that waits for it is as it should be."""
        return not self.is_alive() or time.monotonic() - self.turned < self.settings.watchdog_s

    def serve_metrics(self, port: int) -> None:
        """Answer Prometheus on ``port``.

        Raises:
            UsageError: the port cannot be had, or its library is not there.
        """
        from workers.metrics import serve

        try:
            serve(port, Ledger(self.settings), self.settings.cache_dir / "workers" / self.worker)
        except ImportError as error:
            raise UsageError("--metrics-port: pip install 'fer-batch[metrics]'") from error
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"--metrics-port {port}: {reason.lower()}") from error

    @staticmethod
    def _orphaned() -> bool:
        """True where a supervisor had started this worker and is there no more: another one may
        have been started in its place."""
        supervisor = os.environ.get(SUPERVISOR)
        return bool(supervisor) and os.getppid() != int(supervisor or 0)

    def turn(self) -> None:
        """Beat, sweep, and look whether the worker still consumes.

        Raises:
            FerBatchError: Redis or storage does not answer.
        """
        asked = time.monotonic()
        before = beat(self.ledger, self.worker, self._about())
        self._tell_namesake(before)
        if self.storage is None:
            settings = self.settings
            self.storage = open_storage(settings.storage_url, settings.storage_group)
        sweep(self.ledger, self.storage, self.publish)
        if time.monotonic() - self._cleaned > CLEAN_S:
            self._cleaned = time.monotonic()
            remove_left(self.settings.cache_dir / "workers")
        self._watch(asked)

    def _tell_namesake(self, before: str) -> None:
        """Say it once where another worker beats under this one's name: what it had written would
        be ours, had it not written since. On one machine ``folders.take`` tells them apart."""
        if self._beaten and before not in ("", self.owner) and not self._namesake_told:
            self._namesake_told = True
            logger.warning(
                "another worker is called %s as well; give each its own --name, or status and "
                "doctor show them as one",
                self.worker,
            )
        self._beaten = True

    def _about(self) -> dict[str, Any]:
        return {
            "owner": self.owner,
            "queues": self.queues,
            "device": self.device,
            "version": installed_version(),
            "pid": os.getpid(),
            "gpu": self.gpu,
            "storage": self.settings.storage_place,
        }

    def _watch(self, asked: float) -> None:
        """Seen with Celery 5.7: after Redis had been frozen across an ack, a worker answered
        pings but consumed nothing. Waiting messages and no task begun for long mean just that."""
        begun = sum(celery_state.total_count.values())
        busy = bool(celery_state.active_requests)
        lengths = self.ledger.queue_lengths()
        waiting = sum(n for (q, _), n in lengths.items() if q in self.queues.split(","))
        if self._watchdog.stuck(asked, begun, busy, waiting):
            logger.error("%d messages wait and none is consumed; this worker ends", waiting)
            logging.shutdown()
            json_output.end()
            os._exit(EXIT_STUCK)


def graphics_cards() -> str:
    """What ``nvidia-smi`` lists on this machine, "" where it lists nothing."""
    program = shutil.which("nvidia-smi")
    if not program:
        return ""
    command = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return ", ".join(line.strip() for line in done.stdout.splitlines() if line.strip())


def install(settings: QueueSettings, app: Any, name: str, queues: str) -> Caretaker:
    """Tie the caretaker, the heartbeat and the stop file to Celery's signals; the caretaker."""
    caretaker = Caretaker(settings, app, name, queues)
    own = settings.cache_dir / "workers" / name
    remove_left(own.parent)
    heartbeat = Heartbeat(settings.heartbeat or own / NAME, caretaker.in_order)
    heartbeat.begin()

    def ready(**_: Any) -> None:
        caretaker.first()
        caretaker.start()

    def shutting_down(sig: str = "", how: str = "", **_: Any) -> None:
        caretaker.ending.asked(sig, how)
        # The children look at this file between batches and give their unit back.
        if path := os.environ.get(STOP_FILE):
            Path(path).touch()
        caretaker.ended.set()
        heartbeat.ended.set()
        # A warm shutdown waits for the running unit, which gives up between batches. What takes
        # longer (a GIF, a join) gets its time, then QUIT: the ledger hands it out again.
        timer = threading.Timer(settings.stop_s, os.kill, (os.getpid(), signal.SIGQUIT))
        timer.daemon = True
        timer.start()

    def shut_down(**_: Any) -> None:
        try:
            forget(caretaker.ledger, name, caretaker.owner)
        except FerBatchError as error:
            logger.warning("%s", error)

    signals.worker_ready.connect(ready, weak=False)
    signals.worker_shutting_down.connect(shutting_down, weak=False)
    signals.worker_shutdown.connect(shut_down, weak=False)
    return caretaker
