"""What ``FER_BATCH_STORAGE`` may be: a folder, or a bucket of an object store."""

from __future__ import annotations

import re
from pathlib import Path

from fer_batch.errors import UsageError

# By what an address begins with: the library that opens such a store.
STORES = {
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("az", "abfs", "abfss"), "adlfs"),
}
WANTED = "give a folder that every machine sees, or s3://bucket/prefix"


def is_address(url: str) -> bool:
    """Whether ``url`` begins as one, right or wrong, and is no path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", url) is not None


def folder_of(url: str) -> Path | None:
    """The folder that an address names, None where it is an object store's."""
    if "://" in url and not url.startswith("file://"):
        return None
    return Path(url.removeprefix("file://")).expanduser()


def check_address(url: str) -> None:
    """See that something could be stored at ``url``; asks no server.

    Raises:
        UsageError: a file lies there, or it is no kind of storage. No password is repeated.
    """
    if is_address(url) and "://" not in url:
        kind = url.partition(":")[0]
        raise UsageError(f"FER_BATCH_STORAGE: behind {kind}: there must be two slashes; {WANTED}")
    if (folder := folder_of(url)) is not None:
        for path in (folder, *folder.parents):
            if path.is_dir():
                return
            if path.exists():
                raise UsageError(f"FER_BATCH_STORAGE: {path} is no folder; {WANTED}")
        return
    kind, _, rest = url.partition("://")
    if kind not in STORES:
        raise UsageError(f"FER_BATCH_STORAGE: {kind[:20]}:// is no storage of a queue; {WANTED}")
    if not rest.rpartition("@")[2].partition("/")[0]:
        raise UsageError(f"FER_BATCH_STORAGE: {kind}:// names no bucket; {WANTED}")
