"""Which storage an address means."""

from __future__ import annotations

from fer_batch.jobs.storage_address import folder_of
from fer_batch.jobs.store.folder_storage import FolderStorage
from fer_batch.jobs.store.storage import Storage


def open_storage(url: str, group: bool = False) -> Storage:
    """The storage at ``url``: a path or ``file://`` is a folder, all else an object store.

    ``group``: the user's group may use what is stored in a folder, too.

    Raises:
        StorageError: no library for that kind of store is installed, or there is no such kind.
    """
    if (folder := folder_of(url)) is not None:
        return FolderStorage(folder, url, group)
    from fer_batch.jobs.store.object_store import ObjectStore

    return ObjectStore(url)
