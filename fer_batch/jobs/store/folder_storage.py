"""Storage in a folder that this machine sees: its own disk, or one shared over the network."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from fer_batch.atomic import (
    PRIVATE,
    atomic_path,
    is_temporary,
    make_private,
    unfinished_name,
)
from fer_batch.door import read_regular
from fer_batch.errors import StorageError
from fer_batch.jobs.store.storage import (
    BLOCK,
    Storage,
    StoredObject,
    check_key,
    storage_errors,
)

Read = TypeVar("Read")
ATTEMPTS = 3  # to remove a folder


class FolderStorage(Storage):
    """Objects are files below ``root``, read in place.

    Inputs and results are private: folders are 0700 and files 0600, whatever the umask. With
    ``group`` the group may read and write too, for workers of several users. What is a hard link to
    a user's file keeps that file's mode.

    A root that was there and is missing now is away, as with a disk that is not mounted: nothing is
    read as absent then and nothing is made in its place, every call raises StorageError.
    """

    def __init__(self, root: Path, where: str = "", group: bool = False) -> None:
        self.root = root
        self.where = where or str(root)
        self.mode = 0o770 if group else PRIVATE
        self._tightened = False
        self._root_seen = False

    def __repr__(self) -> str:
        return f"FolderStorage({self.where!r})"

    def make_root(self) -> None:
        """See ``Storage``."""
        with storage_errors(self.where, "", writing=True):
            make_private(self.root, self.mode)

    def local_path(self, key: str) -> Path:
        """See ``Storage``; here there always is one, though nothing need lie there."""
        return self.root / check_key(key)

    def is_linked(self, key: str) -> bool:
        """See ``Storage``."""
        return self.local_path(key).stat().st_nlink > 1

    def put_file(self, source: Path, key: str) -> None:
        """Store a file; a hard link where that is possible costs nothing."""
        with self._errors(key, writing=True), self._new(key) as temporary:
            try:
                os.link(source.resolve(), temporary)  # not a link to a link
            except OSError:
                shutil.copyfile(source, temporary)

    def put_bytes(self, key: str, data: bytes) -> None:
        """See ``Storage``."""
        with self._errors(key, writing=True), self._new(key) as temporary:
            temporary.write_bytes(data)

    def copy(self, source: str, target: str) -> None:
        """See ``Storage``."""
        self.put_file(self.local_path(source), target)

    def get_bytes(self, key: str) -> bytes | None:
        """See ``Storage``."""
        return self._if_there(key, read_regular)

    def get_file(self, key: str, target: Path) -> None:
        """See ``Storage``."""
        with self._errors(key), atomic_path(target, mode=PRIVATE) as temporary:
            shutil.copyfile(self.local_path(key), temporary)

    def read_blocks(self, key: str, start: int = 0) -> Iterator[bytes]:
        """See ``Storage``."""
        with self._errors(key), self.local_path(key).open("rb") as file:
            file.seek(start)
            while block := file.read(BLOCK):
                yield block

    def exists(self, key: str) -> bool:
        """See ``Storage``."""
        with self._errors(key):
            return self._holds(self.local_path(key))

    def size(self, key: str) -> int | None:
        """See ``Storage``."""
        return self._if_there(key, lambda path: path.stat().st_size)

    def names(self, key: str) -> list[str]:
        """See ``Storage``."""
        with self._errors(key):
            path = self.local_path(key)
            if not self._holds(path) or not path.is_dir():
                return []
            return sorted(p.name for p in path.iterdir() if not is_temporary(p.name))

    def files(self, key: str) -> dict[str, int]:
        """See ``Storage``."""
        with self._errors(key):
            root = self.local_path(key)
            found = {
                p.relative_to(root).as_posix(): p.stat().st_size
                for p in sorted(root.rglob("*"))
                if p.is_file() and not is_temporary(p.name)
            }
            self._check_root()  # a walk ends without a word where its root goes away
            return found

    def delete(self, key: str) -> None:
        """See ``Storage``."""
        with self._errors(key):
            target = self.local_path(key)
            self._own(key.rpartition("/")[0] or ".")
            if target.is_dir() and not target.is_symlink():
                _remove_tree(target)
            else:
                target.unlink(missing_ok=True)

    def stored(self, key: str, now: float) -> list[StoredObject]:
        """See ``Storage``. Ages are measured against a file written just now: the disk of a server
        has a clock of its own."""
        with self._errors(key):
            root = self.local_path(key)
            if not self._holds(root) or not root.is_dir():
                return []
            with tempfile.NamedTemporaryFile(dir=root, prefix=".clock") as probe:
                now = os.fstat(probe.fileno()).st_mtime
                return [
                    self._stored(path, now)
                    for path in root.rglob("*")
                    if path.is_file()
                    and not path.is_symlink()
                    and path.name != Path(probe.name).name
                ]

    def _stored(self, path: Path, now: float) -> StoredObject:
        found, key = path.stat(), path.relative_to(self.root).as_posix()
        name = unfinished_name(path.name)
        of = path.with_name(name).relative_to(self.root).as_posix() if name else ""
        return StoredObject(key, found.st_size, now - found.st_mtime, bool(name), of)

    def make_folder(self, key: str) -> None:
        """The folder at ``key``, with the storage's own mode."""
        with self._errors(key, writing=True):
            self._tighten()
            make_private(self._own(key), self.mode)

    def _if_there(self, key: str, read: Callable[[Path], Read]) -> Read | None:
        """What ``read`` makes of the file at ``key``, None where none lies there."""
        with self._errors(key):
            path = self.local_path(key)
            try:
                return read(path)
            except FileNotFoundError:
                return read(path) if self._holds(path) else None

    def _holds(self, path: Path) -> bool:
        """Whether anything lies at ``path``, asked while the root is there."""
        if path.exists():
            return True
        self._check_root()
        return path.exists()  # the root may have come back only just now

    def _check_root(self) -> None:
        """Tell a root that is away from one that nobody has made yet.

        Raises:
            StorageError: it was there and is not any more.
        """
        seen = self._root_seen  # before the look: another thread may make the root just now
        if self.root.is_dir():
            self._root_seen = True
        elif seen:
            raise StorageError(
                f"storage {self.where} is not there any more; mount it again, or check "
                "FER_BATCH_STORAGE"
            )

    @contextmanager
    def _new(self, key: str) -> Iterator[Path]:
        self._tighten()
        self._own(key.rpartition("/")[0] or ".")
        with atomic_path(self.local_path(key), mode=self.mode) as temporary:
            yield temporary
        self._root_seen = True

    def _own(self, key: str) -> Path:
        """The folder at ``key``, before anything is written into it.

        Raises:
            StorageError: a link leads out of the storage: whoever put it there would have us write
                where he may not.
        """
        path = self.local_path(key)
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise StorageError(f"storage {self.where}: {key} is a link that leads out of it")
        return path

    def _tighten(self) -> None:
        """What earlier versions made by the umask: its first folders bar the way to all others."""
        if not self._tightened:
            self._tightened = True
            for name in ("inputs", "jobs", "same"):
                folder = self.root / name
                with suppress(OSError):
                    if folder.stat().st_mode & 0o777 & ~self.mode:
                        folder.chmod(self.mode)

    @contextmanager
    def _errors(self, key: str, writing: bool = False) -> Iterator[None]:
        with storage_errors(self.where, key, writing):
            self._check_root()
            yield


def _remove_tree(folder: Path) -> None:
    """Remove ``folder`` with all that is in it.

    Raises:
        OSError: something stays, and this is why.
    """
    for _ in range(ATTEMPTS):  # somebody may write into it meanwhile, or remove it as well
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
