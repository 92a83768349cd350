"""Which workers there are, what they are at and how fast: hashes in Redis that expire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fer_batch.jobs.ledger.connection import broker_errors
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.names import ABLE, EXPIRY_S, PREFIX
from fer_batch.jobs.ledger.spec import Unit


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """One worker as `status` and `doctor` show it."""

    name: str
    queues: str
    device: str
    version: str
    pid: str
    unit: str
    frames_per_s: float
    gpu: str = ""
    storage: str = ""
    engine: str = ""  # what made the last numbers here, "" where none were made yet
    engines: tuple[str, ...] = ()  # all that did


def beat(ledger: Ledger, name: str, fields: dict[str, Any]) -> str:
    """Say that worker ``name`` lives; forgotten after half a minute of silence. Returns the
    ``owner`` among the fields that lay there before, "" where there was none. What a worker of
    that name before it was able to is forgotten."""
    key = PREFIX + "worker:" + name
    with broker_errors(ledger.where):
        pipe = ledger.client.pipeline()
        pipe.hget(key, "owner")
        pipe.hset(key, mapping=fields)
        pipe.expire(key, EXPIRY_S)
        pipe.zadd(PREFIX + "workers", {name: ledger.now()})
        pipe.zremrangebyscore(PREFIX + "workers", "-inf", ledger.now() - EXPIRY_S)
        before = str(pipe.execute()[0] or "")
        if before != fields.get("owner", ""):
            told = [f for f in ledger.client.hkeys(key) if f == "engine" or f.startswith(ABLE)]
            if stale := [field for field in told if field not in fields]:
                ledger.client.hdel(key, *stale)
    return before


def note_progress(ledger: Ledger, name: str, unit: Unit | None, rate: float) -> None:
    """Say what worker ``name`` is at, None for nothing. Does not prolong its life."""
    key = PREFIX + "worker:" + name
    with broker_errors(ledger.where):
        if ledger.client.exists(key):
            at = f"{unit.job} {unit.key}" if unit else ""
            ledger.client.hset(key, mapping={"unit": at, "rate": f"{rate:.2f}"})


def note_engine(ledger: Ledger, name: str, engine: str) -> None:
    """Say with what worker ``name`` makes numbers; it may be told several, since they depend on a
    job's settings as well. Does not prolong its life."""
    key = PREFIX + "worker:" + name
    with broker_errors(ledger.where):
        if ledger.client.exists(key):
            pipe = ledger.client.pipeline()
            pipe.hset(key, mapping={"engine": engine, ABLE + engine: "1"})
            pipe.hdel(PREFIX + "absent", engine)
            pipe.execute()


def stranded(ledger: Ledger) -> dict[str, str]:
    """Items (``job:index``) that no worker can go on with, and the engine that they need."""
    turned = ledger.turned_away()
    if not turned:
        return {}
    able = set()
    for worker in workers(ledger):
        if "analyze" in worker.queues.split(","):
            engines = {*worker.engines, worker.engine} - {""}
            if not engines:  # who has made no numbers yet may be the one
                return {}
            able |= engines
    return {item: engine for item, engine in turned.items() if engine not in able}


def workers(ledger: Ledger) -> list[WorkerInfo]:
    """Workers seen in the last half minute, by name."""
    with broker_errors(ledger.where):
        since = ledger.now() - EXPIRY_S
        names = ledger.client.zrangebyscore(PREFIX + "workers", since, "+inf")
        found = [(name, ledger.client.hgetall(PREFIX + "worker:" + name)) for name in names]
    return sorted(
        (
            WorkerInfo(
                name=name,
                queues=fields.get("queues", ""),
                device=fields.get("device", ""),
                version=fields.get("version", ""),
                pid=fields.get("pid", ""),
                unit=fields.get("unit", ""),
                frames_per_s=_rate(fields.get("rate", "")),
                gpu=fields.get("gpu", ""),
                storage=fields.get("storage", ""),
                engine=fields.get("engine", ""),
                engines=tuple(f.removeprefix(ABLE) for f in fields if f.startswith(ABLE)),
            )
            for name, fields in found
            if fields
        ),
        key=lambda worker: worker.name,
    )


def forget(ledger: Ledger, name: str, owner: str = "") -> None:
    """The worker has stopped in order; another one of that name, of another ``owner``, stays."""
    with broker_errors(ledger.where):
        if ledger.client.hget(PREFIX + "worker:" + name, "owner") not in (None, owner):
            return
        ledger.client.delete(PREFIX + "worker:" + name)
        ledger.client.zrem(PREFIX + "workers", name)


def _rate(text: str) -> float:
    try:
        return max(0.0, float(text or 0))
    except ValueError:  # others may write to Redis too
        return 0.0
