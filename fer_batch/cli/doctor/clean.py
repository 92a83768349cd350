"""``fer-batch doctor --clean``: uploads that belong to no job, removed now."""

from __future__ import annotations

from fer_batch.cli.queue.access import note, open_queue
from fer_batch.plural import plural


def clean_storage() -> None:
    """Clear the storage of what died submissions left, and say how much it was.

    Raises:
        JobError, BrokerError, StorageError: the queue cannot be asked what is still needed.
    """
    with open_queue() as queue:
        found = queue.clean()
    megabytes = f"{found.size / 1e6:.1f} MB"
    note(f"removed {plural(found.files, 'file')} of interrupted submissions ({megabytes})")
