"""What the ledger says of jobs, in the words that people read."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from fer_batch.jobs.ledger.connection import broker_errors
from fer_batch.jobs.ledger.ledger import PREFIX, Ledger
from fer_batch.jobs.ledger.spec import FINAL_STATES, ItemStatus, JobStatus


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a job's log. ``item`` is -1 for the job as a whole."""

    time: float
    level: str
    item: int
    text: str


def read_status(ledger: Ledger, job: str) -> JobStatus | None:
    """The job's state and that of each item; None where the ledger has no such job."""
    fields, items = ledger.dump(job)
    if not fields:
        return None
    with broker_errors(ledger.where):
        progress = ledger.client.hgetall(f"{PREFIX}progress:{job}")
    return from_fields(job, fields, items, progress)


def from_fields(
    job: str, fields: dict[str, Any], items: list[dict[str, Any]], progress: dict[str, str]
) -> JobStatus:
    """Put a status together from the ledger's (or a final record's) fields."""
    running: dict[int, dict[str, int]] = {}
    for key, frames in progress.items():
        item, stage, _ = key.split("/")
        stages = running.setdefault(int(item), {})
        stages[stage] = stages.get(stage, 0) + int(frames)
    return JobStatus(
        job_id=job,
        name=fields.get("name", ""),
        state=fields["state"],
        priority=fields.get("priority", "normal"),
        created=float(fields["created"]),
        finished=float(fields["finished"]) if fields.get("finished") else None,
        count=int(fields.get("items", 0)),
        unfinished=int(fields.get("left", 0)),
        error=fields.get("error"),
        items=tuple(_item(data, running.get(i, {})) for i, data in enumerate(items)),
    )


def _item(data: dict[str, Any], running: dict[str, int]) -> ItemStatus:
    total = int(data.get("frames", 0))
    analyzed = int(data.get("analyzed", 0)) + running.get("analyze", 0)
    drawn = int(data.get("drawn", 0)) + running.get("render", 0)
    # A frame is done when it has gone through every pass: classified, and drawn where wanted.
    # Half the way is half a frame, so that the bar moves evenly.
    passes = 2 if data.get("renders") == "1" else 1
    done = min((analyzed + (drawn if passes == 2 else 0)) // passes, total)
    state = data["state"]
    if state == "done":
        done = total
    started = float(data["started"]) if data.get("started") else None
    finished = float(data["finished"]) if data.get("finished") else None
    rate = eta = None
    if started is not None and done:
        spent = max((finished or time.time()) - started, 1e-3)
        rate = round(done / spent, 1)
        if state == "running" and total:
            eta = round((total - done) * spent / done, 1)
    return ItemStatus(
        input=data.get("input", ""),
        name=data.get("name", ""),
        state=state,
        stage=data.get("stage", ""),
        frames_done=done,
        frames_total=total,
        frames_per_s=rate,
        eta_s=eta,
        warnings=tuple(json.loads(data.get("warnings") or "[]")),
        error=data.get("error"),
    )


def list_jobs(
    ledger: Ledger, state: str = "", limit: int = 20, offset: int = 0
) -> tuple[list[JobStatus], int]:
    """Jobs without their items, newest first, and how many there are in all."""
    with broker_errors(ledger.where):
        client = ledger.client
        names = client.zrevrange(PREFIX + "jobs", 0, -1)
        if state and state not in FINAL_STATES:
            names = [n for n in names if client.zscore(PREFIX + "active", n) is not None]
        if not state:
            total = len(names)
            names = names[offset : offset + limit]
        pipe = client.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(f"{PREFIX}job:{name}")
        found = [(n, f) for n, f in zip(names, pipe.execute(), strict=True) if f]
    if state:
        found = [(n, f) for n, f in found if f["state"] == state]
        total = len(found)
        found = found[offset : offset + limit]
    return [from_fields(name, fields, [], {}) for name, fields in found], total


def job_ids(ledger: Ledger) -> list[str]:
    """Ids of all jobs, newest first."""
    with broker_errors(ledger.where):
        found: list[str] = ledger.client.zrevrange(PREFIX + "jobs", 0, -1)
    return found


def read_log(ledger: Ledger, job: str) -> list[Event]:
    """The job's log, oldest first; only the newest few hundred lines are kept."""
    with broker_errors(ledger.where):
        lines = ledger.client.lrange(f"{PREFIX}log:{job}", 0, -1)
    events = [json.loads(line) for line in lines]
    return [Event(e["t"], e["level"], int(e["item"]), e["text"]) for e in events]
