"""Storage in an object store, through fsspec: ``s3://bucket/prefix`` and its like."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from fer_batch.atomic import PRIVATE, atomic_path, is_temporary
from fer_batch.door import MOST_BYTES
from fer_batch.errors import StorageError
from fer_batch.jobs.storage_address import STORES
from fer_batch.jobs.store.storage import (
    BLOCK,
    Storage,
    StoredObject,
    check_key,
    storage_errors,
)

CONNECT_S, SILENT_S = 5.0, 20.0


class ObjectStore(Storage):
    """Objects below one prefix of a store; files come and go by copies.

    A bucket that was there and is missing now is away: nothing is said to be absent then. To a
    store an object that is not there and a bucket that is not there are the same, so it is asked
    for the bucket before "there is none" is said.
    """

    def __init__(self, url: str) -> None:
        """Open the store that ``url`` names; nothing is asked of it yet.

        Raises:
            StorageError: no library for that kind of store is installed, or there is no such kind.
        """
        self.where = url.rpartition("@")[2]
        try:
            from upath import UPath

            root = UPath(url, use_listings_cache=False, **_patience(url))
            self._fs: Any = root.fs
            self._root = root.path.rstrip("/")
            self._seen = False
        except ImportError as error:
            library = STORES.get(url.partition("://")[0], error.name)
            wanted = "'fer-batch[s3]'" if library == "s3fs" else library
            raise StorageError(
                f"{self.where}: a library for this storage is missing; pip install {wanted}"
            ) from error
        except (ValueError, OSError) as error:
            raise StorageError(f"{self.where}: unknown kind of storage ({error})") from error

    def __repr__(self) -> str:
        return f"ObjectStore({self.where!r})"

    def make_root(self) -> None:
        """See ``Storage``; needs the right to make buckets only where there is none."""
        with self._errors("", writing=True):
            if not self._fs.exists(self._bucket):
                self._fs.makedirs(self._bucket, exist_ok=True)
        self._seen = True

    @property
    def _bucket(self) -> str:
        bucket: str = self._root.partition("/")[0]
        return bucket

    def local_path(self, key: str) -> None:
        """See ``Storage``; what lies in a store must be fetched."""
        check_key(key)

    def is_linked(self, key: str) -> bool:
        """See ``Storage``; objects have one name."""
        return False

    def put_file(self, source: Path, key: str) -> None:
        """See ``Storage``."""
        with self._errors(key, writing=True):
            self._fs.put_file(str(source), self._path(key))

    def put_bytes(self, key: str, data: bytes) -> None:
        """See ``Storage``."""
        with self._errors(key, writing=True):
            self._fs.pipe_file(self._path(key), data)

    def copy(self, source: str, target: str) -> None:
        """See ``Storage``."""
        with self._errors(source):
            self._fs.cp_file(self._path(source), self._path(target))

    def get_bytes(self, key: str) -> bytes | None:
        """See ``Storage``."""
        with self._errors(key):
            try:
                return self._first_bytes(self._path(key))
            except FileNotFoundError:
                self._check_bucket()
                return None

    def _first_bytes(self, path: str) -> bytes:
        """At most ``MOST_BYTES`` and one. By name: s3fs' second parameter is another."""
        try:
            data: bytes = self._fs.cat_file(path, start=0, end=MOST_BYTES + 1)
        except OSError as error:  # S3 has no range of an empty object
            if error.errno != errno.EINVAL or self._fs.info(path)["size"]:
                raise
            return b""
        return data

    def get_file(self, key: str, target: Path) -> None:
        """See ``Storage``."""
        with self._errors(key), atomic_path(target, mode=PRIVATE) as temporary:
            self._fs.get_file(self._path(key), str(temporary))

    def read_blocks(self, key: str, start: int = 0) -> Iterator[bytes]:
        """See ``Storage``."""
        with (
            self._errors(key),
            self._fs.open(self._path(key), "rb", block_size=8 * BLOCK) as remote,
        ):
            remote.seek(start)
            while block := remote.read(BLOCK):
                yield block

    def exists(self, key: str) -> bool:
        """See ``Storage``."""
        with self._errors(key):
            if self._fs.exists(self._path(key)):
                return True
            self._check_bucket()
            return False

    def size(self, key: str) -> int | None:
        """See ``Storage``."""
        with self._errors(key):
            try:
                return int(self._fs.info(self._path(key))["size"])
            except FileNotFoundError:
                self._check_bucket()
                return None

    def names(self, key: str) -> list[str]:
        """See ``Storage``."""
        with self._errors(key):
            try:
                entries = self._fs.ls(self._path(key), detail=False)
            except (FileNotFoundError, NotADirectoryError):
                entries = []
            if not entries:
                self._check_bucket()
            found = (PurePosixPath(entry).name for entry in entries)
            own = PurePosixPath(key).name
            return sorted(name for name in found if name and name != own and not is_temporary(name))

    def files(self, key: str) -> dict[str, int]:
        """See ``Storage``."""
        with self._errors(key):
            found = self._below(key)
            skip = len(self._path(key)) + 1
            return {path[skip:]: int(info["size"]) for path, info in sorted(found.items())}

    def delete(self, key: str) -> None:
        """See ``Storage``."""
        with self._errors(key):
            try:
                self._fs.rm(self._path(key), recursive=True)
            except FileNotFoundError:
                self._check_bucket()
                return
            # Of many objects at once s3fs leaves those out that may not be deleted, without a word.
            if self._fs.exists(self._path(key)):
                raise StorageError(
                    f"storage {self.where}: {key} is still there after it was deleted; check that "
                    "objects may be deleted"
                )

    def stored(self, key: str, now: float) -> list[StoredObject]:
        """See ``Storage``. Uploads that were never finished are not seen here; the store's own rule
        for them (AbortIncompleteMultipartUpload) clears them away."""
        with self._errors(key):
            found = self._below(key)
            skip = len(self._root) + 1
            return [
                StoredObject(path[skip:], int(info["size"]), _age_s(info, now))
                for path, info in sorted(found.items())
            ]

    def make_folder(self, key: str) -> None:
        """See ``Storage``; a store has none."""

    def _path(self, key: str) -> str:
        return f"{self._root}/{check_key(key)}"

    def _below(self, key: str) -> dict[str, dict[str, Any]]:
        """What the store says of every object below ``key``, by path."""
        found: dict[str, dict[str, Any]] = {}
        with suppress(FileNotFoundError):
            found = self._fs.find(self._path(key), detail=True)
        if not found:
            self._check_bucket()
        return found

    def _check_bucket(self) -> None:
        """Tell a bucket that is away from one that nobody has made yet.

        Raises:
            StorageError: it was there and is not any more.
        """
        if self._fs.exists(self._bucket):
            self._seen = True
        elif self._seen:
            raise StorageError(
                f"storage {self.where} is not there any more; make that bucket again, or check "
                "FER_BATCH_STORAGE"
            )

    @contextmanager
    def _errors(self, key: str, writing: bool = False) -> Iterator[None]:
        """What goes wrong as one line; whatever has been written or fetched shows the bucket."""
        with storage_errors(self.where, key, writing):
            try:
                yield
            except FileNotFoundError:
                self._check_bucket()
                raise
            if writing:
                self._seen = True


def _patience(url: str) -> dict[str, Any]:
    """How long a store may be silent, where botocore's own answer, 60 s five times over and all of
    it five times by s3fs, would let a look at a job's status wait for half an hour."""
    if STORES.get(url.partition("://")[0]) != "s3fs":
        return {}
    config: dict[str, Any] = {"connect_timeout": CONNECT_S, "read_timeout": SILENT_S}
    if not os.environ.get("AWS_MAX_ATTEMPTS"):
        config["retries"] = {"total_max_attempts": 2, "mode": "standard"}
    return {"config_kwargs": config}


def _age_s(info: dict[str, Any], now: float) -> float:
    """Seconds since an object was written; 0 where the store does not tell."""
    changed = info.get("LastModified") or info.get("mtime") or info.get("created")
    return now - changed.timestamp() if isinstance(changed, datetime) else 0.0
