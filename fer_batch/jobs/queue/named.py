"""Which uploads jobs name: what is named by any of them must not be deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fer_batch.errors import DamagedError, JobError
from fer_batch.jobs.ledger.manifest import Manifest
from fer_batch.jobs.queue import facts
from fer_batch.jobs.store import keys, records
from fer_batch.jobs.store.storage import Storage

_UPLOAD = re.compile(rb"inputs/[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]{1,8}")


def uploads_of_all(storage: Storage) -> Iterator[set[str]]:
    """For each job of storage, the uploads that it names.

    A manifest that cannot be read, damaged or of a newer version, still holds what looks like the
    name of an upload: that counts.

    Raises:
        StorageError: it does not answer.
    """
    for job in records.jobs(storage):
        try:
            yield uploads_of(facts.read_manifest(storage, job))
        except (JobError, DamagedError):
            data = storage.get_bytes(keys.manifest(job)) or b""
            yield {name.decode() for name in _UPLOAD.findall(data)}


def uploads_of(manifest: Manifest) -> set[str]:
    """The uploads that a job names."""
    beside = (manifest.who,) if manifest.who is not None else ()
    return {file.key for item in (*manifest.items, *beside) for file in item.files}
