"""Shared storage: a folder, or an object store through fsspec (``s3://bucket/prefix``).

Keys are relative POSIX paths. A key either holds its whole content or does not exist: folders get
temporary names and a rename, object stores publish an object when its upload ends.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from fer_batch.atomic import atomic_path, is_temporary
from fer_batch.door import MOST_BYTES, Refused, parse_json, read_regular
from fer_batch.errors import (
    DamagedError,
    FerBatchError,
    NoSpaceError,
    OutputPathError,
    StorageError,
)

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


class Storage:
    """Reads and writes of whole objects under one root."""

    def __init__(self, url: str) -> None:
        self.where = url.rpartition("@")[2]
        self.local = Path(url.removeprefix("file://")).expanduser() if _is_local(url) else None
        self._fs: Any = None
        self._root = ""
        if self.local is None:
            self._open(url)

    def _open(self, url: str) -> None:
        try:
            from upath import UPath

            root = UPath(url, use_listings_cache=False)
            self._fs, self._root = root.fs, root.path.rstrip("/")
        except ImportError as error:
            raise StorageError(
                f"{self.where}: a library for this storage is missing ({error.name}); "
                "pip install 'fer-batch[s3]'"
            ) from error
        except (ValueError, OSError) as error:
            raise StorageError(f"{self.where}: no storage of that kind ({error})") from error

    def __repr__(self) -> str:
        return f"Storage({self.where!r})"

    def folder(self, key: str) -> Path:
        """The folder behind ``key``, where storage is a folder."""
        assert self.local is not None
        return self.local / check_key(key)

    def put_file(self, source: Path, key: str) -> None:
        """Store a file; a hard link where that is possible costs nothing."""
        with self._errors(key, writing=True):
            if self.local is None:
                self._fs.put_file(str(source), self._path(key))
                return
            with atomic_path(self.folder(key)) as temporary:
                try:
                    os.link(source.resolve(), temporary)  # not a link to a link
                except OSError:
                    shutil.copyfile(source, temporary)

    def is_linked(self, key: str) -> bool:
        """Whether somebody else's name leads to the same file, who may write to it."""
        return self.local is not None and self.folder(key).stat().st_nlink > 1

    def copy(self, source: str, target: str) -> None:
        """Store what lies at ``source`` at ``target`` as well, without moving bytes if possible."""
        if self.local is not None:
            return self.put_file(self.folder(source), target)
        with self._errors(source):
            self._fs.cp_file(self._path(source), self._path(target))

    def put_json(self, key: str, value: Any) -> None:
        """Store a JSON value."""
        self.put_bytes(key, json.dumps(value, separators=(",", ":")).encode())

    def put_bytes(self, key: str, data: bytes) -> None:
        with self._errors(key, writing=True):
            if self.local is None:
                self._fs.pipe_file(self._path(key), data)
                return
            with atomic_path(self.folder(key)) as temporary:
                temporary.write_bytes(data)

    def get_bytes(self, key: str) -> bytes | None:
        """The content of ``key``, None where there is none. For records, not for media.

        Raises:
            DamagedError: it is no regular file, or larger than any record.
        """
        with self._errors(key):
            try:
                if self.local is not None:
                    return read_regular(self.folder(key))
                data: bytes = self._fs.cat_file(self._path(key), 0, MOST_BYTES + 1)
                return data
            except FileNotFoundError:
                return None
            except Refused as error:
                raise DamagedError(f"{self.where}: {key} is {error}") from error

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

    def read_blocks(self, key: str, start: int = 0) -> Iterator[bytes]:
        """The content of ``key`` from byte ``start`` on, in blocks of about a megabyte."""
        with self._errors(key):
            if self.local is not None:
                with self.folder(key).open("rb") as file:
                    file.seek(start)
                    while block := file.read(BLOCK):
                        yield block
                return
            with self._fs.open(self._path(key), "rb", block_size=8 * BLOCK) as remote:
                remote.seek(start)
                while block := remote.read(BLOCK):
                    yield block

    def get_file(self, key: str, target: Path) -> None:
        """Fetch ``key`` to ``target``, which appears whole or not at all."""
        with self._errors(key), atomic_path(target) as temporary:
            if self.local is not None:
                shutil.copyfile(self.folder(key), temporary)
            else:
                self._fs.get_file(self._path(key), str(temporary))

    def exists(self, key: str) -> bool:
        with self._errors(key):
            if self.local is not None:
                return self.folder(key).exists()
            return bool(self._fs.exists(self._path(key)))

    def size(self, key: str) -> int | None:
        """Bytes of ``key``, None where there is none."""
        with self._errors(key):
            try:
                if self.local is not None:
                    return self.folder(key).stat().st_size
                return int(self._fs.info(self._path(key))["size"])
            except FileNotFoundError:
                return None

    def names(self, key: str) -> list[str]:
        """Names directly under ``key``, sorted; folders and files alike."""
        with self._errors(key):
            try:
                if self.local is not None:
                    found: Iterable[str] = (p.name for p in self.folder(key).iterdir())
                else:
                    entries = self._fs.ls(self._path(key), detail=False)
                    found = (PurePosixPath(entry).name for entry in entries)
                    found = [n for n in found if n != PurePosixPath(key).name]
                return sorted(n for n in found if n and not is_temporary(n))
            except (FileNotFoundError, NotADirectoryError):
                return []

    def files(self, key: str) -> dict[str, int]:
        """Every file below ``key``: path relative to it, and size."""
        with self._errors(key):
            if self.local is not None:
                root = self.folder(key)
                return {
                    p.relative_to(root).as_posix(): p.stat().st_size
                    for p in sorted(root.rglob("*"))
                    if p.is_file() and not is_temporary(p.name)
                }
            try:
                found = self._fs.find(self._path(key), detail=True)
            except FileNotFoundError:
                return {}
            skip = len(self._path(key)) + 1
            return {path[skip:]: int(info["size"]) for path, info in sorted(found.items())}

    def delete(self, key: str) -> None:
        """Remove ``key`` and everything below it; nothing happens where there is nothing."""
        with self._errors(key):
            if self.local is not None:
                target = self.folder(key)
                if target.is_dir():
                    return shutil.rmtree(target, ignore_errors=True)
                return target.unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                self._fs.rm(self._path(key), recursive=True)

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

    def _path(self, key: str) -> str:
        return f"{self._root}/{check_key(key)}"

    @contextmanager
    def _errors(self, key: str, writing: bool = False) -> Iterator[None]:
        try:
            yield
        except NoSpaceError as error:
            raise NoSpaceError(f"storage {self.where}: no space left; free some") from error
        except OutputPathError as error:
            reason = str(error.__cause__ or error).splitlines()[0]
            raise StorageError(
                f"storage {self.where} cannot be written to ({reason}); check FER_BATCH_STORAGE"
            ) from error
        except FerBatchError:
            raise
        except FileNotFoundError as error:
            if writing:
                raise StorageError(
                    f"storage {self.where} is not there; make that bucket or folder, or check "
                    "FER_BATCH_STORAGE"
                ) from error
            raise StorageError(f"{self.where}: {key} is not there") from error
        except Exception as error:  # botocore, aiohttp and fsspec share no base class
            reason = (str(error).splitlines() or [""])[0][:200]
            raise StorageError(
                f"storage {self.where}: {reason or type(error).__name__}; check FER_BATCH_STORAGE "
                "and its credentials"
            ) from error


def _is_local(url: str) -> bool:
    return "://" not in url or url.startswith("file://")
