"""Folders of workers below the cache: each held by a lock while its worker lives, then removed.

A container that is made anew has another name each time; what its predecessors fetched would lie
in a shared volume for ever.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import time
from pathlib import Path

from fer_batch.atomic import make_private

logger = logging.getLogger(__name__)
LOCK = ".lock"
# A folder without a lock is one that a worker is about to make, or of a version without locks.
UNKNOWN_S = 3600.0


def hold(folder: Path) -> int:
    """Make ``folder`` and hold it until this process and its children end; the lock's descriptor.

    The kernel lets go of the lock when they die, however they die.
    """
    make_private(folder)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(descriptor, True)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        logger.warning("%s is held by another worker of the same name", folder)
    return descriptor


def remove_left(parent: Path) -> list[str]:
    """Remove the folders in ``parent`` that nobody holds; their names."""
    removed = []
    for folder in sorted(parent.iterdir()) if parent.is_dir() else ():
        if folder.is_dir() and not folder.is_symlink() and _left(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
    return removed


def _left(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return time.time() - folder.stat().st_mtime > UNKNOWN_S
    except OSError:  # another user's: not ours to remove
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
