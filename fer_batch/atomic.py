"""Nothing half-written ever bears a final name."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from fer_batch.errors import NoSpaceError, OutputPathError

_TEMPORARY = re.compile(r"\.(?P<stem>.*)\.part-[0-9a-f]{8}(\.[^.]*)?")
PRIVATE = 0o700  # what fer-batch keeps by itself is its user's alone
# Not every command that writes has -o or --resume: `render` and `report` write where results lie.
OTHER_PLACE = "choose another place for the results"
FLUSHES = 8  # a disk takes several at once

_flush_later: ContextVar[Callable[[Path], None] | None] = ContextVar("flush_later", default=None)


def is_temporary(name: str) -> bool:
    """Whether a file of that name is one that ``atomic_path`` has not finished."""
    return _TEMPORARY.fullmatch(name) is not None


def unfinished_name(name: str) -> str:
    """The stem of the file that a temporary one was to become; "" where it is none."""
    found = _TEMPORARY.fullmatch(name)
    return found["stem"] if found else ""


def make_private(folder: Path, mode: int = PRIVATE) -> None:
    """Make ``folder`` and those above it that are missing, each with ``mode`` whatever the umask.

    Folders that are there keep their modes.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        with suppress(FileExistsError):
            made.mkdir(mode & PRIVATE)
            made.chmod(mode)


@contextmanager
def atomic_path(path: Path, durable: bool = True, mode: int | None = None) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; on success flush it to disk and rename it.

    ``mode``: of folders that are made for it; the file gets the same without the right to execute,
    unless it also bears somebody else's name (a hard link to a user's file). None: by the umask.
    Without ``durable`` it is not flushed: a power cut may leave it empty, nothing else may.

    The temporary name keeps the suffix, since encoders choose formats by it. On any error the
    temporary file is removed and ``path`` is as it was.

    Raises:
        NoSpaceError: the disk is full.
        OutputPathError: the folder cannot be written to.
    """
    # By bytes: 80 characters may be 320 of them, and names end at 255.
    stem = os.fsencode(path.stem)[:80].decode("utf-8", "ignore")
    temporary = path.with_name(f".{stem}.part-{secrets.token_hex(4)}{path.suffix}")
    try:
        if mode is None:
            path.parent.mkdir(parents=True, exist_ok=True)
        else:
            make_private(path.parent, mode)
        yield temporary
        if mode is not None and temporary.stat().st_nlink == 1:
            temporary.chmod(mode & 0o666)
        later = _flush_later.get()
        if durable and later is None:
            _fsync(temporary)
        temporary.replace(path)
        if durable and later is not None:
            later(path)
    except OSError as error:
        raise write_error(error, path) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def flushed_together() -> Iterator[None]:
    """Files written within by this thread are flushed to disk while it writes others, several at
    once; at the end all are.

    Flushing one after the other waits for the disk as many times. For files that a later one
    declares whole: a power cut before the end may leave them empty under their final names.

    Raises:
        NoSpaceError, OutputPathError: a file cannot be flushed.
    """
    pool, flushes = ThreadPoolExecutor(FLUSHES), list[Future[None]]()
    mark = _flush_later.set(lambda path: flushes.append(pool.submit(_flush, path)))
    try:
        yield
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        _flush_later.reset(mark)
    with pool:
        for flush in flushes:
            flush.result()


def _flush(path: Path) -> None:
    try:
        _fsync(path)
    except OSError as error:
        raise write_error(error, path) from error


def _fsync(path: Path) -> None:
    # Windows flushes only what may be written to.
    with path.open("r+b" if os.name == "nt" else "rb") as file:
        os.fsync(file.fileno())


def write_error(error: OSError, path: Path) -> Exception:
    """The error of this tree that says in one line why ``path`` could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpaceError(
            f"{path}: no space left on the disk; free some and give the same command again"
        )
    if error.errno in (
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOTDIR,
        errno.EEXIST,
        errno.EISDIR,
        errno.ENAMETOOLONG,
        errno.ELOOP,
    ):
        reason = error.strerror or "cannot be written"
        return OutputPathError(f"{path}: {reason.lower()}; {OTHER_PLACE}")
    return error


def write_text(path: Path, text: str, durable: bool = True, mode: int | None = None) -> None:
    """Write ``text`` as UTF-8 under a temporary name, then rename; see ``atomic_path``."""
    with atomic_path(path, durable, mode) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")
