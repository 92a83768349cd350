"""Which engine has made the shards that storage holds."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fer_batch.errors import UnreadableError
from fer_batch.jobs.item.result_keys import engine_line
from fer_batch.jobs.store.storage import Storage


def engine_of(storage: Storage, key: str) -> str:
    """The engine that made the shard at ``key``, as one line; "" where it cannot be read.

    Raises:
        StorageError: it does not answer.
    """
    from fer_batch.pipeline.shard import read_about

    try:
        with tempfile.TemporaryDirectory(prefix="fer-batch-") as folder:
            path = storage.local_path(key)
            if path is None:
                path = Path(folder) / "shard.npz"
                storage.get_file(key, path)
            about = read_about(path)
    except UnreadableError:
        return ""
    return engine_line(about.engine, about.version)
