"""Nothing half-written ever bears a final name."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fer_batch.errors import NoSpaceError, OutputPathError

TEMPORARY_MARK = ".part-"


@contextmanager
def atomic_path(path: Path, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; on success flush it to disk and rename it.

    Without ``durable`` it is not flushed: a power cut may leave it empty, nothing else may.

    The temporary name keeps the suffix, since encoders choose formats by it. On any error the
    temporary file is removed and ``path`` is as it was.

    Raises:
        NoSpaceError: the disk is full.
        OutputPathError: the folder cannot be written to.
    """
    temporary = path.with_name(
        f".{path.stem[:80]}{TEMPORARY_MARK}{secrets.token_hex(4)}{path.suffix}"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if durable:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise write_error(error, path) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_error(error: OSError, path: Path) -> Exception:
    """The error of this tree that says in one line why ``path`` could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpaceError(
            f"{path}: no space left on the disk; free some and run again with --resume"
        )
    if error.errno in (
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOTDIR,
        errno.EEXIST,
        errno.EISDIR,
    ):
        reason = error.strerror or "cannot be written"
        return OutputPathError(f"{path}: {reason.lower()}; choose another place with -o")
    return error


def write_text(path: Path, text: str, durable: bool = True) -> None:
    """Write ``text`` as UTF-8 under a temporary name, then rename; see ``atomic_path``."""
    with atomic_path(path, durable) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")
