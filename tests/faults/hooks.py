"""Faults inside a worker's child process, as told by ``FER_BATCH_TEST_FAULTS`` (JSON).

A fault: ``point`` (where), ``action`` (what), ``stage``, ``index``, ``item`` (an input's name) and
``verdict`` (of a claim; any where left out), ``times`` (how often in all, over every process; each
leaves a mark in ``marks``).
Imported by the workers of tests only; see ``faulty_worker``.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.spec import Unit
from fer_batch.jobs.queue import facts
from fer_batch.jobs.queue.execute import Executor

FAULTS: list[dict[str, Any]] = json.loads(os.environ.get("FER_BATCH_TEST_FAULTS", "[]"))


def _name(fault: dict[str, Any]) -> str:
    return "-".join(str(fault.get(k, "any")) for k in ("point", "action", "stage", "item"))


def _strike(fault: dict[str, Any]) -> bool:
    """Whether this fault is still to happen; counts it."""
    for number in range(fault.get("times", 1)):
        mark = Path(fault["marks"]) / f"{_name(fault)}-{number}"
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            continue
        return True
    return False


def _act(fault: dict[str, Any]) -> None:
    action = fault["action"]
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "kill_parent":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(30)
    elif action == "kill_group":
        os.killpg(0, signal.SIGKILL)
    elif action == "hang":
        time.sleep(3600)
    elif action == "slow":
        time.sleep(fault.get("seconds", 5.0))
    elif action == "memory":
        hoard = []
        while True:
            hoard.append(b"\1" * (64 << 20))
            time.sleep(0.05)
    elif action == "raise":
        raise RuntimeError("a fault of the test")
    elif action == "disk":
        raise OSError(28, "No space left on device", "/somewhere")


def fire(point: str, executor: Executor | None, unit: Unit, verdict: str = "") -> None:
    """Let every fault of this point happen."""
    for fault in FAULTS:
        if fault["point"] != point or fault.get("stage", unit.stage) != unit.stage:
            continue
        if fault.get("index", unit.index) != unit.index:
            continue
        if fault.get("verdict", verdict) != verdict:
            continue
        if "item" in fault:
            assert executor is not None
            manifest = facts.read_manifest(executor.storage, unit.job)
            if unit.item < 0 or manifest.items[unit.item].name != fault["item"]:
                continue
        if _strike(fault):
            _act(fault)


def _wrapped(original: Callable[..., Any], before: str, after: str) -> Callable[..., Any]:
    def call(self: Any, unit: Unit, *rest: Any, **named: Any) -> Any:
        executor = self if isinstance(self, Executor) else None
        fire(before, executor, unit)
        result = original(self, unit, *rest, **named)
        fire(after, executor, unit, getattr(result, "verdict", ""))
        return result

    return call


# As TensorFlow's import on a slow disk: longer than Celery's own patience with a new child.
time.sleep(float(os.environ.get("FER_BATCH_TEST_SLOW_IMPORT", "0")))
if FAULTS:
    # claimed: the lease is held, nothing done. stored: the result is in storage, the ledger does
    # not know. completed: the ledger knows, what it released is not published. ended: all done but
    # for the acknowledgement. answered: the ledger has answered a claim, nothing is published.
    Executor.step = _wrapped(Executor.step, "claimed", "stored")  # type: ignore[method-assign]
    Ledger.complete = _wrapped(  # type: ignore[method-assign]
        Ledger.complete, "completing", "completed"
    )
    Ledger.claim = _wrapped(Ledger.claim, "claiming", "answered")  # type: ignore[method-assign]
    Executor.run = _wrapped(Executor.run, "fetched", "ended")  # type: ignore[method-assign]
