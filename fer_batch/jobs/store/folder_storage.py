"""Storage in a folder that this machine sees: its own disk, or one shared over the network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from fer_batch.atomic import atomic_path, is_temporary
from fer_batch.door import read_regular
from fer_batch.jobs.store.storage import BLOCK, Storage, check_key, storage_errors


class FolderStorage(Storage):
    """Objects are files below ``root``, read in place."""

    def __init__(self, root: Path, where: str = "") -> None:
        self.root = root
        self.where = where or str(root)

    def __repr__(self) -> str:
        return f"FolderStorage({self.where!r})"

    def make_root(self) -> None:
        """See ``Storage``."""
        with self._errors("", writing=True):
            self.root.mkdir(parents=True, exist_ok=True)

    def local_path(self, key: str) -> Path:
        """See ``Storage``; here there always is one, though nothing need lie there."""
        return self.root / check_key(key)

    def is_linked(self, key: str) -> bool:
        """See ``Storage``."""
        return self.local_path(key).stat().st_nlink > 1

    def put_file(self, source: Path, key: str) -> None:
        """Store a file; a hard link where that is possible costs nothing."""
        with self._errors(key, writing=True), atomic_path(self.local_path(key)) as temporary:
            try:
                os.link(source.resolve(), temporary)  # not a link to a link
            except OSError:
                shutil.copyfile(source, temporary)

    def put_bytes(self, key: str, data: bytes) -> None:
        """See ``Storage``."""
        with self._errors(key, writing=True), atomic_path(self.local_path(key)) as temporary:
            temporary.write_bytes(data)

    def copy(self, source: str, target: str) -> None:
        """See ``Storage``."""
        self.put_file(self.local_path(source), target)

    def get_bytes(self, key: str) -> bytes | None:
        """See ``Storage``."""
        with self._errors(key):
            try:
                return read_regular(self.local_path(key))
            except FileNotFoundError:
                return None

    def get_file(self, key: str, target: Path) -> None:
        """See ``Storage``."""
        with self._errors(key), atomic_path(target) as temporary:
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
            return self.local_path(key).exists()

    def size(self, key: str) -> int | None:
        """See ``Storage``."""
        with self._errors(key):
            try:
                return self.local_path(key).stat().st_size
            except FileNotFoundError:
                return None

    def names(self, key: str) -> list[str]:
        """See ``Storage``."""
        with self._errors(key):
            try:
                found = [path.name for path in self.local_path(key).iterdir()]
            except (FileNotFoundError, NotADirectoryError):
                return []
            return sorted(name for name in found if not is_temporary(name))

    def files(self, key: str) -> dict[str, int]:
        """See ``Storage``."""
        with self._errors(key):
            root = self.local_path(key)
            return {
                p.relative_to(root).as_posix(): p.stat().st_size
                for p in sorted(root.rglob("*"))
                if p.is_file() and not is_temporary(p.name)
            }

    def delete(self, key: str) -> None:
        """See ``Storage``."""
        with self._errors(key):
            target = self.local_path(key)
            if target.is_dir():
                shutil.rmtree(target, ignore_errors=True)
            else:
                target.unlink(missing_ok=True)

    def _errors(self, key: str, writing: bool = False) -> AbstractContextManager[None]:
        return storage_errors(self.where, key, writing)
