"""Folders of workers, of the cache and of the moment: held by a lock while one lives, then removed.

A container that is made anew has another name each time; what its predecessors fetched would lie
in a shared volume for ever.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from fer_batch.atomic import make_private
from fer_batch.errors import UsageError

logger = logging.getLogger(__name__)
LOCK = ".lock"
# A folder without a lock is one that a worker is about to make, or of a version without locks.
UNKNOWN_S = 3600.0
GOING_S = 3.0  # the children of a worker that was killed and is started again hold its folder
MOST_OF_A_NAME = 1000


def take(parent: Path, name: str, host: str) -> str:
    """Hold a folder below ``parent`` for a worker that should be called ``name``; what it is called
    then, ``NAME@HOST``, with a number where another worker has that name: two in one folder would
    remove what the other is at work on, and nobody could tell them apart.

    Raises:
        UsageError: no folder can be made there.
    """
    for number in range(1, MOST_OF_A_NAME):
        own = f"{name}-{number}@{host}" if number > 1 else f"{name}@{host}"
        try:
            held = hold(parent / own, GOING_S if number == 1 else 0.0) is not None
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UsageError(
                f"FER_BATCH_CACHE_DIR: {error.filename or parent}: {reason}"
            ) from error
        if held:
            if number > 1:
                logger.warning("a worker here is called %s already; this one is %s", name, own)
            return own
    raise UsageError(f"--name: too many workers here are called {name!r}; choose another")


def hold(folder: Path, patience_s: float = 0.0) -> int | None:
    """Make ``folder`` and hold it until this process and its children end; the lock's descriptor,
    None where another worker holds it for longer than ``patience_s``.

    The kernel lets go of the lock when they die, however they die.
    """
    deadline = time.monotonic() + patience_s
    while True:
        make_private(folder)
        try:
            descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # it was just removed, as one that is left
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            if time.monotonic() > deadline:
                return None
            time.sleep(0.1)
            continue
        if _same_file(descriptor, folder / LOCK):
            os.set_inheritable(descriptor, True)
            return descriptor
        os.close(descriptor)  # removed between opening and locking


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def remove_left(parent: Path, pattern: str = "*") -> list[str]:
    """Remove the folders in ``parent`` called like ``pattern`` that nobody holds; their names."""
    removed = []
    for folder in sorted(parent.glob(pattern)):
        if folder.is_dir() and not folder.is_symlink() and _left(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
    return removed


def _left(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        with suppress(OSError):  # another has just removed it
            return time.time() - folder.stat().st_mtime > UNKNOWN_S
        return False
    except OSError:  # another user's: not ours to remove
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
