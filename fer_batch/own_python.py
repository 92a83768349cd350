"""Interpreters that fer-batch starts import what is installed, and nothing that lies in the folder
where a command is given: a `random.py` among somebody's results must not become part of us."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SAFE_PATH = "PYTHONSAFEPATH"  # Python's own name for it
_changing = threading.Lock()


def own_python(*arguments: str) -> list[str]:
    """The command line of an interpreter like this one."""
    return [sys.executable, "-P", *arguments]


@contextmanager
def safe_path() -> Iterator[None]:
    """Interpreters that a library starts meanwhile (``multiprocessing``) are started so, too."""
    with _changing:
        before = os.environ.get(SAFE_PATH)
        os.environ[SAFE_PATH] = "1"
        try:
            yield
        finally:
            if before is None:
                del os.environ[SAFE_PATH]
            else:
                os.environ[SAFE_PATH] = before
