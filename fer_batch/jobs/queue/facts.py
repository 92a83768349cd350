"""What storage remembers of a job, and putting it back after Redis lost everything."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

from fer_batch.errors import DamagedError, FerBatchError, JobError
from fer_batch.jobs.item import relate
from fer_batch.jobs.item.work import TIMELINE
from fer_batch.jobs.ledger.dispatch import Dispatch
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.manifest import Manifest
from fer_batch.jobs.ledger.spec import PRIORITIES, Stage, Unit, check_job_id
from fer_batch.jobs.store import keys, records
from fer_batch.jobs.store.folders import shard_name, shard_number
from fer_batch.jobs.store.made_by import engine_of
from fer_batch.jobs.store.records import PlanRecord
from fer_batch.jobs.store.storage import Storage

LEDGER_VERSION = 1


@lru_cache(maxsize=64)
def read_manifest(storage: Storage, job: str) -> Manifest:
    """The job's manifest, kept in memory since it never changes.

    Raises:
        JobError: storage holds no such job, or one that a newer fer-batch has written.
        DamagedError: its manifest is not as fer-batch writes it.
    """
    try:
        found = records.read(storage, keys.manifest(check_job_id(job)), Manifest.from_json)
    except JobError as error:
        raise JobError(f"job {job}: {error}") from error
    if found is None:
        raise JobError(f"there is no job {job}; `fer-batch jobs` lists them")
    if found.job_id != job:
        raise DamagedError(f"{storage.where}: {keys.manifest(job)} belongs to another job")
    return found


def enter(
    ledger: Ledger,
    manifest: Manifest,
    window: int,
    related: bool = False,
    begun: Collection[int] = (),
) -> list[Dispatch]:
    """Enter a job into the ledger as its manifest tells; returns what to publish.

    ``related``: its items have been related to each other before, where that is wanted.
    ``begun``: items of which a part is done already, so that no speed can be told from it.
    """
    fields: dict[str, Any] = {
        "v": LEDGER_VERSION,
        "name": manifest.name,
        "priority": manifest.priority,
        "step": PRIORITIES[manifest.priority],
        "window": window,
        "created": f"{manifest.created:.3f}",
    }
    if relate.needed([manifest.asked()]):
        fields |= {"relate": "1"} | ({"away": ""} if related else {})
    items = [
        {"input": item.input, "name": item.name}
        | ({"retried": "1"} if index in begun else {})
        | ({"counted": "photos"} if item.source_kind == "photos" else {})
        for index, item in enumerate(manifest.items)
    ]
    return ledger.create(manifest.job_id, fields, items)


def rebuild(ledger: Ledger, storage: Storage, job: str, window: int) -> list[Dispatch]:
    """Put one job back into the ledger from storage; returns what to publish.

    Everything committed counts: the ledger's own scripts are replayed over it.
    """
    final = records.final(storage, job)
    if final is not None:
        ledger.restore(job, final.job, final.items)
        return []
    manifest = read_manifest(storage, job)
    related = storage.exists(keys.related(job))
    plans = [records.plan(storage, job, index) for index in range(len(manifest.items))]
    begun = {index for index, plan in enumerate(plans) if plan is not None}
    pending = {d.unit: d for d in enter(ledger, manifest, window, related, begun)}
    if storage.exists(keys.cancelled(job)):
        ledger.cancel(job)
        return []
    for index, plan in enumerate(plans):
        _replay(ledger, storage, manifest, index, plan, pending)
    return list(pending.values())


def _replay(
    ledger: Ledger,
    storage: Storage,
    manifest: Manifest,
    index: int,
    plan: PlanRecord | None,
    pending: dict[Unit, Dispatch],
) -> None:
    """Tell the ledger what storage holds of an item, with ``plan`` where it was probed; ``pending``
    is kept to what is to be done."""
    job = manifest.job_id

    def settle(unit: Unit, dispatches: list[Dispatch]) -> None:
        pending.update({dispatch.unit: dispatch for dispatch in dispatches})
        pending.pop(unit, None)

    def done(stage: Stage, number: int = 0, **facts: Any) -> None:
        unit = Unit(job, index, stage, number)
        settle(unit, ledger.complete(unit, **facts).dispatches)

    error = records.error(storage, job, index)
    if error is not None:
        unit = Unit(job, index, "probe")
        settle(unit, ledger.fail(unit, "", error.code, error.words)[1])
        return
    if plan is None:
        return
    files = storage.files(keys.item(job, index))
    result = records.result(storage, job, index)
    assembled = TIMELINE in files or result is not None
    begun = {} if assembled else analysis_begun(storage, keys.item(job, index), files, plan)
    done("probe", **probe_facts(plan), **begun)
    first = begun.get("anew", 0) * len(plan.segments)
    for number, frames in enumerate(plan.segments, first):
        if assembled or shard_name(number) in files:
            done("analyze", number, frames=frames)
    if not assembled:
        return
    done("assemble", **({"related": 1} if result is not None else {}))
    for number, frames in enumerate(plan.segments):
        if result is not None or f"parts/{number:05d}.zip" in files:
            done("render", number, frames=frames)
    if result is not None:
        done("finish", warnings=json.dumps(result.warnings))


def analysis_begun(
    storage: Storage, key: str, files: Iterable[str], plan: PlanRecord
) -> dict[str, Any]:
    """The engine that has begun an item, and how many times it was begun anew, by the first shard
    of the last attempt; empty where there is none."""
    numbers = [number for name in files if (number := shard_number(name)) >= 0]
    count = len(plan.segments)
    if not numbers or not count:
        return {}
    anew = max(numbers) // count
    first = min(number for number in numbers if number >= anew * count)
    begun: dict[str, Any] = {"anew": anew} if anew else {}
    try:
        engine = engine_of(storage, f"{key}/{shard_name(first)}")
    except FerBatchError:
        engine = ""
    # What is damaged is made again, by whom else.
    return begun | ({"engine": engine} if engine else {})


def probe_facts(plan: PlanRecord) -> dict[str, Any]:
    """What the ledger is told of a probed item."""
    return {
        "frames": sum(plan.segments),
        "segments": len(plan.segments),
        "renders": int(plan.renders),
        "warnings": json.dumps(plan.warnings),
    }


def write_final(ledger: Ledger, storage: Storage, job: str) -> None:
    """Remember in storage how the job ended, so that the ledger may forget or lose it."""
    fields, items = ledger.dump(job)
    if fields:
        storage.put_json(keys.final(job), {"job": fields, "items": items})


def shown_as(manifest: Manifest, unit: Unit) -> str:
    """What people call that which ``unit`` works on: the input's path as they wrote it."""
    if 0 <= unit.item < len(manifest.items):
        return manifest.items[unit.item].input
    return f"the tables of {manifest.name}"


def clean_name(text: str) -> str:
    """One line of printable characters, for names that people give to jobs."""
    return re.sub(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\uffff]+", " ", text).strip()[:80]
