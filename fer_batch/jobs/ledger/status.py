"""What the ledger says of jobs, in the words that people read."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import cast

from fer_batch import door
from fer_batch.jobs.ledger.connection import broker_errors, damage_of
from fer_batch.jobs.ledger.heartbeat import stranded
from fer_batch.jobs.ledger.job_status import ItemStatus, JobStatus
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.remaining import (
    DRAW_RATIO,
    FRAME_STAGES,
    OTHER_STAGES,
    ItemWork,
    Pace,
    Spent,
    remaining_s,
)
from fer_batch.jobs.ledger.spec import FINAL_STATES, STATES, State

logger = logging.getLogger(__name__)


def read_status(ledger: Ledger, job: str) -> JobStatus | None:
    """The job's state and that of each item; None where the ledger has no such job."""
    fields, items = ledger.dump(job)
    if not fields:
        return None
    with broker_errors(ledger.where):
        progress = ledger.client.hgetall(f"{PREFIX}progress:{job}")
        costs = ledger.client.hgetall(f"{PREFIX}costs")
    with damage_of(job, ledger.where):
        now = ledger.now()
        found = from_fields(job, fields, items, progress, now)
        left = _remaining(found, fields, items, costs, now)
        found = replace(found, eta_s=None if left is None else round(left, 1))
    return found if found.final else _with_stranded(found, stranded(ledger))


def _with_stranded(status: JobStatus, needed: dict[str, str]) -> JobStatus:
    """With a warning at each item that waits for an engine which no worker has."""

    def item(index: int, found: ItemStatus) -> ItemStatus:
        engine = needed.get(f"{status.job_id}:{index}")
        if engine is None:
            return found
        line = (
            f"waits for a worker with the engine that has begun it ({engine}); start one, or its "
            "analysis begins anew with another after FER_BATCH_ENGINE_WAIT_S"
        )
        return replace(found, warnings=(*found.warnings, line))

    if not needed:
        return status
    return replace(status, items=tuple(item(i, found) for i, found in enumerate(status.items)))


def from_fields(
    job: str,
    fields: dict[str, str],
    items: list[dict[str, str]],
    progress: dict[str, str],
    now: float,
) -> JobStatus:
    """Put a status together from the ledger's (or a final record's) fields. ``now``: by Redis'
    clock, as are the times in the fields.

    Raises:
        ValueError, KeyError: a field is not as the ledger writes it.
    """
    running: dict[int, dict[str, int]] = {}
    for key, frames in progress.items():
        item, stage, _ = key.split("/")
        stages = running.setdefault(int(item), {})
        stages[stage] = stages.get(stage, 0) + int(frames)
    return JobStatus(
        job_id=job,
        name=fields.get("name", ""),
        state=_state(fields),
        priority=fields.get("priority", "normal"),
        created=float(fields["created"]),
        finished=float(fields["finished"]) if fields.get("finished") else None,
        count=int(fields.get("items", 0)),
        # Inputs that were cancelled wait for nothing, but have not ended either.
        unfinished=int(fields.get("left", 0)) + int(fields.get("cancelled", 0)),
        error=fields.get("error"),
        items=tuple(_item(data, running.get(i, {}), now) for i, data in enumerate(items)),
    )


def _remaining(
    status: JobStatus,
    fields: dict[str, str],
    items: list[dict[str, str]],
    costs: dict[str, str],
    now: float,
) -> float | None:
    """Seconds until a job under way ends, None where nothing can be said."""
    if status.state != "running" or not fields.get("started"):
        return None
    seconds = {s: float(fields.get(f"spent_{s}", 0)) for s in (*FRAME_STAGES, *OTHER_STAGES)}
    work = []
    analyzed = drawn = 0
    for data, item in zip(items, status.items, strict=True):
        own, through = int(data.get("analyzed", 0)), int(data.get("drawn", 0))
        analyzed, drawn = analyzed + own, drawn + through
        renders, ended = data.get("renders") == "1", item.state in FINAL_STATES
        # What units in work have gone through is known of both passes together.
        more = max(item.frames_done * (2 if renders else 1) - own - through, 0) if not ended else 0
        stage = item.stage if more else ""
        work.append(
            ItemWork(
                item.frames_total,
                own + (more if stage == "analyze" else 0),
                through + (more if stage == "render" else 0),
                renders,
                ended,
                item.stage in ("relate", "render", "finish"),
            )
        )
    # What an emptied ledger was rebuilt with has cost nothing that is known.
    paid, paid_drawn = (int(fields.get(name, 0)) for name in ("analyzed", "drawn"))
    spent = Spent(seconds, paid, paid_drawn, max(analyzed - paid, 0), max(drawn - paid_drawn, 0))
    elapsed = now - float(fields["started"])
    return remaining_s(work, spent, elapsed, _draw_ratio(costs), _lately(fields, now))


def _lately(fields: dict[str, str], now: float) -> Pace | None:
    """How a job has gone since the earlier of the moments that the ledger keeps."""
    before = fields.get("pace_before", "").split()
    if len(before) != 5:  # none yet; or as older versions wrote them
        return None
    at, analyzed, drawn, ended = before[:4]
    return Pace(
        now - float(at),
        int(fields.get("analyzed", 0)) - int(analyzed),
        int(fields.get("drawn", 0)) - int(drawn),
        int(fields.get("items", 0)) - int(fields.get("left", 0)) - int(ended),
    )


def _draw_ratio(costs: dict[str, str]) -> float:
    """Drawing a frame against analysing it, in all jobs of this queue so far."""
    analyze, render = (
        float(costs.get(f"{stage}_s", 0)) / max(int(costs.get(f"{stage}_frames", 0)), 1)
        for stage in FRAME_STAGES
    )
    return render / analyze if analyze and render else DRAW_RATIO


def _state(fields: dict[str, str]) -> State:
    return cast("State", door.one_of(fields.get("state"), "state", STATES))


def _item(data: dict[str, str], running: dict[str, int], now: float) -> ItemStatus:
    total = int(data.get("frames", 0))
    analyzed = int(data.get("analyzed", 0)) + running.get("analyze", 0)
    drawn = int(data.get("drawn", 0)) + running.get("render", 0)
    # A frame is done when it has gone through every pass: classified, and drawn where wanted.
    # Half the way is half a frame, so that the bar moves evenly.
    passes = 2 if data.get("renders") == "1" else 1
    done = min((analyzed + (drawn if passes == 2 else 0)) // passes, total)
    state = _state(data)
    if state == "done":
        done = total
    started = float(data["started"]) if data.get("started") else None
    finished = float(data["finished"]) if data.get("finished") else None
    rate = eta = None
    # What an earlier try had done already is there at once: no speed can be told from it.
    if started is not None and done and data.get("retried") != "1":
        spent = max((finished or now) - started, 1e-3)
        rate = round(done / spent, 1)
        if state == "running" and total:
            eta = round((total - done) * spent / done, 1)
    warnings = door.lines(door.parse_json(data.get("warnings") or "[]"), "warnings")
    if data.get("begun_by"):
        line = f"was analysed anew: no worker had what it was begun with ({data['begun_by']})"
        warnings = (*warnings, line)
    return ItemStatus(
        input=data.get("input", ""),
        name=data.get("name", ""),
        state=state,
        stage=data.get("stage", ""),
        frames_done=done,
        frames_total=total,
        frames_per_s=rate,
        eta_s=eta,
        warnings=warnings,
        error=data.get("error"),
        counted="photos" if data.get("counted") == "photos" else "frames",
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
        found = [(n, f) for n, f in found if f.get("state") == state]
        total = len(found)
        found = found[offset : offset + limit]
    listed = []
    for name, fields in found:
        try:
            listed.append(from_fields(name, fields, [], {}, 0.0))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            logger.warning("what Redis holds of job %s is damaged: %s", name[:40], error)
    return listed, total


def job_ids(ledger: Ledger, most: int = 0) -> list[str]:
    """Ids of all jobs, newest first; of the newest ``most``, where that is not 0."""
    with broker_errors(ledger.where):
        found: list[str] = ledger.client.zrevrange(PREFIX + "jobs", 0, most - 1)
    return found
