"""Inputs: uploaded once by content, fetched into a bounded cache on each worker."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from fer_batch import door
from fer_batch.atomic import make_private
from fer_batch.checksum import sha256_file
from fer_batch.errors import StorageError, UnreadableError
from fer_batch.jobs.ledger.manifest import JobItem, StoredFile
from fer_batch.jobs.store.storage import Storage
from fer_batch.media.image_files import is_image
from fer_batch.suffixes import IMAGE_SUFFIXES, VIDEO_SUFFIXES

SAFE_SUFFIXES = VIDEO_SUFFIXES + IMAGE_SUFFIXES


def kind_of(path: Path) -> str:
    """What an existing input is: "folder" (of images), "image" or "file" (a video)."""
    if path.is_dir():
        return "folder"
    return "image" if is_image(path) else "file"


def stored_file(path: Path, kind: str, name: str = "") -> StoredFile:
    """Hash a file and say where it will lie. Images keep their names, since the timeline shows
    them, those of a folder with the folders in it (``name``); a video's name never becomes part of
    a path.

    Raises:
        UnreadableError: it cannot be read.
    """
    try:
        if not path.is_file():
            raise UnreadableError(f"{path}: is not a regular file")
        if kind != "file" and "\\" in (
            name or path.name
        ):  # on some machines that is a folder's name
            raise UnreadableError(f"{path}: has a backslash in its name; rename it")
        digest, size = sha256_file(path), path.stat().st_size
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise UnreadableError(f"{path}: {reason}; check the file and its permissions") from error
    suffix = path.suffix.lower() if path.suffix.lower() in SAFE_SUFFIXES else ".bin"
    name = f"input{suffix}" if kind == "file" else readable(name or path.name)
    return StoredFile(name, f"inputs/{digest[:2]}/{digest}{suffix}", size, digest)


def readable(name: str) -> str:
    """``name`` as text that any machine can store; bytes that are no UTF-8 become ``%XX``."""
    return re.sub("[\udc80-\udcff]", lambda m: f"%{ord(m[0]) - 0xDC00:02X}", name)


def content_hash(kind: str, files: list[StoredFile]) -> str:
    """One hash for an input: of a video's content, or of names and contents of images."""
    if kind == "file":
        return files[0].sha256
    lines = "\n".join(f"{file.sha256} {file.name}" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def upload(storage: Storage, path: Path, file: StoredFile) -> int:
    """Store a file unless its content is there already; returns the bytes sent."""
    if storage.size(file.key) == file.size and _as_it_was(storage, path, file):
        return 0
    storage.put_file(path, file.key)
    return file.size


def _as_it_was(storage: Storage, path: Path, file: StoredFile) -> bool:
    """Whether what is stored still has the content that its key says: somebody else's name may lead
    to it. ``path`` has just been hashed."""
    stored = storage.local_path(file.key)
    if stored is None or not storage.is_linked(file.key):
        return True
    return stored.samefile(path) or sha256_file(stored) == file.sha256


class InputCache:
    """Local copies of inputs, the least recently used removed beyond ``limit`` bytes.

    Where storage is a folder, videos are read in place.
    """

    def __init__(self, storage: Storage, folder: Path, limit: int) -> None:
        self.storage = storage
        self.folder = folder
        self.limit = limit

    def path(self, item: JobItem, check: bool = False) -> Path:
        """The input's local path: a file, or a folder of images.

        ``check``: compare content with the hash taken at submission, where storage only holds a
        link to the file that was submitted.

        Raises:
            StorageError: storage does not answer, or no longer holds the input.
            UnreadableError: the file was changed after it had been submitted.
        """
        in_place = self._local(item)
        if in_place is not None:
            return self._in_place(item, in_place, check)
        place = self.place(item)
        target = place if item.kind == "folder" else place.parent
        if not (target / ".whole").exists():
            self._make_room(sum(file.size for file in item.files))
            for file in item.files:
                self._fetch(item, file, target / _below(file.name))
            (target / ".whole").touch()
        with suppress(OSError):
            os.utime(target)
        return place

    def place(self, item: JobItem) -> Path:
        """Where the input lies on this machine once ``path`` has brought it there."""
        if (in_place := self._local(item)) is not None:
            return in_place
        if not door.is_hex64(item.sha256):  # becomes part of a path
            raise StorageError(f"{item.input}: its hash in the manifest is not a SHA-256")
        target = self.folder / "inputs" / item.sha256
        return target if item.kind == "folder" else target / _single(item.files[0].name)

    def _local(self, item: JobItem) -> Path | None:
        """Where a video can be read without fetching it, None for what must be fetched."""
        return self.storage.local_path(item.files[0].key) if item.kind == "file" else None

    def _in_place(self, item: JobItem, path: Path, check: bool) -> Path:
        file = item.files[0]
        try:
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode):  # put there by somebody else
                raise StorageError(f"{item.input}: its upload in storage is not a regular file")
        except FileNotFoundError as error:
            raise StorageError(f"{item.input}: its upload is no longer in storage") from error
        linked = self.storage.is_linked(file.key)
        if found.st_size != file.size or (check and linked and sha256_file(path) != file.sha256):
            raise _changed(item)
        return path

    def _fetch(self, item: JobItem, file: StoredFile, target: Path) -> None:
        if target.exists() and target.stat().st_size == file.size:
            return
        make_private(target.parent)
        # A copy, that nobody can write to, under its name only when it is the right one.
        fetched = target.with_name(f".{secrets.token_hex(4)}.fetched")
        try:
            self.storage.get_file(file.key, fetched)
            if fetched.stat().st_size != file.size:
                raise StorageError(f"{file.key}: incomplete in storage; submit the input again")
            if sha256_file(fetched) != file.sha256:
                raise _changed(item)
            fetched.replace(target)
        finally:
            fetched.unlink(missing_ok=True)

    def _make_room(self, needed: int) -> None:
        trim(self.folder / "inputs", self.limit - needed)


def _changed(item: JobItem) -> UnreadableError:
    return UnreadableError(f"{item.input}: changed since it was submitted; submit it again")


def trim(folder: Path, limit: int) -> None:
    """Remove the least recently used entries of ``folder`` until it holds ``limit`` bytes."""
    if not folder.is_dir():
        return
    entries = sorted((p for p in folder.iterdir()), key=lambda p: p.stat().st_mtime)
    sizes = {p: sum(f.stat().st_size for f in p.rglob("*") if f.is_file()) for p in entries}
    total = sum(sizes.values())
    for path in entries:
        if total <= limit:
            return
        shutil.rmtree(path, ignore_errors=True)
        total -= sizes[path]


def _single(name: str) -> str:
    """``name`` if it is one plain component of a path.

    Raises:
        StorageError: it would lead elsewhere.
    """
    if not name or name in (".", "..") or any(c in name for c in "/\\\0"):
        raise StorageError(f"{name[:60]!r} is not the name of a file")
    return name


def _below(name: str) -> str:
    """``name`` if it is a path of plain components, which leads nowhere else.

    Raises:
        StorageError: it would lead elsewhere.
    """
    return "/".join(_single(part) for part in name.split("/"))
