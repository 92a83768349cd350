"""A worker's temporary folder. What a killed worker has left is removed by the next one."""

from __future__ import annotations

import atexit
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PREFIX = "fer-batch-worker-"
LOCK = "lock"
_HELD: list[IO[str]] = []  # open, and so locked, until the process ends


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in which libraries make theirs, too, as long as this lasts.

    It is locked until the process ends, which the kernel sees to however it ends, and removed then:
    call this before Celery is imported, whose own last act is to remove what it has made there.
    """
    _remove_left(Path(tempfile.gettempdir()))
    before, name = tempfile.tempdir, tempfile.mkdtemp(prefix=PREFIX)
    _HELD.append((Path(name) / LOCK).open("w"))
    fcntl.flock(_HELD[-1], fcntl.LOCK_EX)
    atexit.register(shutil.rmtree, name, ignore_errors=True)
    tempfile.tempdir = name
    try:
        yield Path(name)
    finally:
        tempfile.tempdir = before


def _remove_left(folder: Path) -> None:
    """Remove the folders of workers that are gone; those of other users stay."""
    for left in folder.glob(f"{PREFIX}*"):
        # One that was made this moment has no lock yet; it is not touched.
        with suppress(OSError), (left / LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
