"""What shared storage must do: the one contract of folders and object stores.

Keys are relative POSIX paths. A key either holds its whole content or does not exist: folders get
temporary names and a rename, object stores publish an object when its upload ends. ``open_storage``
(``connect``) chooses the class by the address.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from fer_batch.door import Refused, parse_json
from fer_batch.errors import (
    DamagedError,
    FerBatchError,
    NoSpaceError,
    OutputPathError,
    StorageError,
)
from fer_batch.jobs.storage_address import folder_of

BLOCK = 1024 * 1024


def check_key(key: str) -> str:
    """Return ``key`` if it stays inside the storage.

    Raises:
        StorageError: absolute, empty, or climbing out.
    """
    path = PurePosixPath(key)
    if not key or path.is_absolute() or ".." in path.parts or "\\" in key or "\0" in key:
        raise StorageError(f"{key[:80]!r} is not a place inside the storage")
    return path.as_posix()


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A file of the storage, whole or not. ``age_s``: since its last change, never by the clock of
    whoever looks. ``of``: the key, without its suffix, that an unfinished one was to become."""

    key: str
    size: int
    age_s: float
    unfinished: bool = False
    of: str = ""


class Storage(Protocol):
    """Reads and writes of whole objects under one root. Every method may raise StorageError.

    "There is none" is only ever said of a storage that answers: one that is away raises.
    ``where`` is the address as people may see it, without secrets.
    """

    where: str

    def make_root(self) -> None:
        """Make the folder or bucket that the address names, where it is not there."""
        ...

    def local_path(self, key: str) -> Path | None:
        """Where ``key`` lies on this machine, None where it must be fetched first."""
        ...

    def is_linked(self, key: str) -> bool:
        """Whether somebody else's name leads to the same file, who may write to it."""
        ...

    def put_file(self, source: Path, key: str) -> None:
        """Store a file."""
        ...

    def put_bytes(self, key: str, data: bytes) -> None:
        """Store bytes."""
        ...

    def copy(self, source: str, target: str) -> None:
        """Store what lies at ``source`` at ``target`` as well, without moving bytes if possible."""
        ...

    def get_bytes(self, key: str) -> bytes | None:
        """The content of ``key``, None where there is none. For records, not for media.

        Raises:
            DamagedError: it is no regular file, or larger than any record.
        """
        ...

    def get_file(self, key: str, target: Path) -> None:
        """Fetch ``key`` to ``target``, which appears whole or not at all, for this user alone."""
        ...

    def read_blocks(self, key: str, start: int = 0) -> Iterator[bytes]:
        """The content of ``key`` from byte ``start`` on, in blocks of about a megabyte."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is anything at ``key``."""
        ...

    def size(self, key: str) -> int | None:
        """Bytes of ``key``, None where there is none."""
        ...

    def names(self, key: str) -> list[str]:
        """Names directly under ``key``, sorted; folders and files alike."""
        ...

    def files(self, key: str) -> dict[str, int]:
        """Every file below ``key``: path relative to it, and size."""
        ...

    def stored(self, key: str, now: float) -> list[StoredObject]:
        """Every file below ``key``, unfinished ones as well, with their ages. ``now``: by Redis'
        clock, for storage that has none of its own to ask."""
        ...

    def make_folder(self, key: str) -> None:
        """See that files can be written below ``local_path(key)``, where there is one."""
        ...

    def delete(self, key: str) -> None:
        """Remove ``key`` and everything below it; nothing happens where there is nothing.

        Raises:
            StorageError: something of it stays.
        """
        ...

    # What all of them do alike.

    def __hash__(self) -> int:
        """By identity, so that what was read of a storage may be remembered."""
        return id(self)

    def put_json(self, key: str, value: Any) -> None:
        """Store a JSON value."""
        self.put_bytes(key, json.dumps(value, separators=(",", ":")).encode())

    def get_json(self, key: str) -> Any:
        """The JSON value of ``key``, None where there is none.

        Raises:
            DamagedError: it is no JSON, or too large or too deep.
        """
        data = self.get_bytes(key)
        if data is None:
            return None
        try:
            return parse_json(data)
        except Refused as error:
            raise DamagedError(f"{self.where}: {key} is damaged: {error}") from error

    def check_writable(self) -> None:
        """Write, read and remove a small object.

        Raises:
            StorageError: it cannot be done.
        """
        key = f"check-{os.getpid()}-{os.urandom(4).hex()}"
        self.put_bytes(key, b"fer-batch")
        if self.get_bytes(key) != b"fer-batch":
            raise StorageError(f"{self.where}: what was written cannot be read back")
        self.delete(key)


@contextmanager
def storage_errors(where: str, key: str, writing: bool = False) -> Iterator[None]:
    """Turn whatever a file system or a client library raises into one line that names ``where``.

    Raises:
        NoSpaceError: it is full.
        StorageError: anything else.
    """
    try:
        yield
    except NoSpaceError as error:
        raise NoSpaceError(f"storage {where}: no space left; free some") from error
    except OutputPathError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise StorageError(
            f"storage {where} cannot be written to ({reason}); check FER_BATCH_STORAGE"
        ) from error
    except FerBatchError:
        raise
    except Refused as error:
        raise DamagedError(f"{where}: {key} is {error}") from error
    except FileNotFoundError as error:
        if writing:
            raise StorageError(
                f"storage {where} is not there; make that bucket or folder, or check "
                "FER_BATCH_STORAGE"
            ) from error
        raise StorageError(f"{where}: {key} is not there") from error
    except Exception as error:  # botocore, aiohttp and fsspec share no base class
        told = getattr(error, "strerror", None) if error.__class__.__module__ == "builtins" else ""
        reason = (str(told or error).splitlines() or [""])[0]
        # Of addresses what one can look at; the rest is how the client library asks.
        reason = re.sub(r"(https?://[^\s?\"]*)\?[^\s\"]*", r"\1", reason)[:200]
        reason = reason or type(error).__name__
        also = "" if folder_of(where) is not None else " and its credentials"
        raise StorageError(f"storage {where}: {reason}; check FER_BATCH_STORAGE{also}") from error
