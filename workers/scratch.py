"""A worker's temporary folder. What a killed worker has left is removed by the next one."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.folders import hold, remove_left

PREFIX = "fer-batch-worker-"


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in which libraries make theirs, too, as long as this lasts.

    It is held until the process ends, and removed then: call this before Celery is imported, whose
    own last act is to remove what it has made there.
    """
    remove_left(Path(tempfile.gettempdir()), f"{PREFIX}*")
    before, name = tempfile.tempdir, tempfile.mkdtemp(prefix=PREFIX)
    hold(Path(name))
    atexit.register(shutil.rmtree, name, ignore_errors=True)
    tempfile.tempdir = name
    try:
        yield Path(name)
    finally:
        tempfile.tempdir = before
