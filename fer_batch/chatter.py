"""Keeping native libraries from talking over the user's terminal."""

from __future__ import annotations

import atexit
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_chatter() -> Iterator[None]:
    """Keep the INFO lines of LiteRT's native code off stderr, which no setting turns off.

    Other threads may write to stderr meanwhile: what is not INFO is passed on afterwards.
    """
    with _catching:
        yield from _caught()


# One at a time, and none cut off by the end of the process: what others wrote would be lost.
_catching = threading.Lock()
atexit.register(_catching.acquire, timeout=10.0)


def _caught() -> Iterator[None]:
    try:
        before = os.dup(2)
    except OSError:  # there is no stderr: nothing to keep quiet
        yield
        return
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(before, 2)
            caught.seek(0)
            for line in caught:
                if not line.startswith(b"INFO: "):
                    os.write(before, line)
            os.close(before)
