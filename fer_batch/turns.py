"""What only one process of a family does at a time, since it takes much memory.

A process that calls ``share`` and forks afterwards shares turns with all that it forks. A turn ends
with its process, however that ends.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_shared: int | None = None


def share() -> None:
    """From here on forks of this process take turns.

    Raises:
        OSError: there is no folder for temporary files.
    """
    global _shared
    if _shared is None:
        with tempfile.TemporaryFile() as file:
            _shared = os.dup(file.fileno())


@contextmanager
def turn() -> Iterator[None]:
    """Wait until no other process of the family has its turn, and have it; at once where nothing
    is shared. Threads of one process do not wait for each other."""
    if _shared is None:
        yield
        return
    import fcntl

    # Of a process, not of an open file, which forks have in common.
    fcntl.lockf(_shared, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.lockf(_shared, fcntl.LOCK_UN)
