"""The same input twice: what an earlier job made of it is taken instead of made again.

A pointer for each finished item names the job and the item that hold its outputs. They are taken
where a worker would probe: copied under the new item's name, so that either job may be removed.
"""

from __future__ import annotations

import logging

from fer_batch.checksum import fingerprint
from fer_batch.errors import StorageError
from fer_batch.jobs.item import relate
from fer_batch.jobs.ledger.manifest import Manifest
from fer_batch.jobs.store import keys, records
from fer_batch.jobs.store.records import PlanRecord
from fer_batch.jobs.store.storage import Storage
from fer_batch.version import installed_version

logger = logging.getLogger(__name__)


def item_key(manifest: Manifest, index: int) -> str:
    """Equal for items that must have equal outputs. Path and name as given are among it, since
    outputs show them."""
    item = manifest.items[index]
    return fingerprint(
        [
            installed_version(),
            [item.input, item.name, item.kind, item.sha256, item.images],
            manifest.analyze.to_json(),
            manifest.render.to_json(),
            sorted(manifest.outputs),
            manifest.model_sha256,
        ]
    )


def remember(storage: Storage, manifest: Manifest, index: int) -> None:
    """Say that this item's outputs are whole."""
    pointer = {"job_id": manifest.job_id, "item": index}
    storage.put_json(keys.same_item(item_key(manifest, index)), pointer)


def forget(storage: Storage, manifest: Manifest) -> None:
    """Take back what points to this job, which is about to be removed."""
    for index, item in enumerate(manifest.items):
        if item.problem is None:
            key = keys.same_item(item_key(manifest, index))
            pointer = records.pointer(storage, key)
            if pointer is not None and pointer.job_id == manifest.job_id:
                storage.delete(key)


def take(storage: Storage, manifest: Manifest, index: int) -> PlanRecord | None:
    """Take the outputs of an equal item that is done, result before plan; returns the plan.

    None where there is no such item, or where it was removed meanwhile.
    """
    if not manifest.reuse or relate.needed([manifest.asked()]):
        return None  # what is shown of a related input depends on the others of its job
    try:
        pointer = records.pointer(storage, keys.same_item(item_key(manifest, index)))
        if pointer is None or pointer.job_id == manifest.job_id:
            return None
        job, item = pointer.job_id, pointer.item
        plan = records.plan(storage, job, item)
        result = records.result(storage, job, item)
        if plan is None or result is None:
            return None
        source, target = keys.item(job, item), keys.item(manifest.job_id, index)
        for name in result.files:
            storage.copy(f"{source}/out/{name}", f"{target}/out/{name}")
    except StorageError as error:
        logger.info("nothing reused for %s: %s", manifest.items[index].name, error)
        storage.delete(f"{keys.item(manifest.job_id, index)}/out")
        return None
    # One unit a stage, which finds the result and does nothing; no pictures are drawn.
    plan = PlanRecord((sum(plan.segments),), plan.warnings, renders=False, reused=job)
    storage.put_json(keys.fact(manifest.job_id, index, "result"), result.to_json())
    storage.put_json(keys.fact(manifest.job_id, index, "plan"), plan.to_json())
    return plan
