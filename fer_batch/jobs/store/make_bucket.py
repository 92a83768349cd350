"""``python -m fer_batch.jobs.store.make_bucket``: make the bucket of FER_BATCH_STORAGE, in the end.

The store of a new stack takes a while to answer, and may refuse at first. One try that failed would
leave the stack without a bucket.
"""

from __future__ import annotations

import sys
import time

from fer_batch.errors import FerBatchError, StorageError
from fer_batch.jobs.settings import load_settings
from fer_batch.jobs.store.connect import open_storage

PATIENCE_S = 600.0
LONGEST_WAIT_S = 15.0


def make_bucket(url: str, patience_s: float = PATIENCE_S) -> None:
    """Make what ``url`` names where it is not there, trying for ``patience_s`` seconds.

    Raises:
        StorageError: the store did not let it within that time.
    """
    storage = open_storage(url)
    until, wait = time.monotonic() + patience_s, 1.0
    while True:
        try:
            storage.make_root()
            return storage.check_writable()
        except StorageError as error:
            if time.monotonic() + wait > until:
                raise
            print(f"{error}; tried again in {wait:g} s", file=sys.stderr, flush=True)
        time.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT_S)


if __name__ == "__main__":
    try:
        make_bucket(load_settings().storage_url)
    except FerBatchError as failed:
        print(f"fer-batch: {failed}", file=sys.stderr)
        sys.exit(failed.exit_status)
