"""A file that says that this worker is in order: what a probe looks at, which must cost nothing.

Asking Redis instead would call every worker ill whenever Redis is away, and starting Python and
a connection for it costs a third of a second of a core each time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from fer_batch.errors import UsageError

logger = logging.getLogger(__name__)

FRESH_S = 60.0
EVERY_S = 5.0
NAME = "alive"


class Heartbeat(threading.Thread):
    """Touches ``path`` every few seconds while ``in_order()`` holds, and removes it in the end."""

    def __init__(self, path: Path, in_order: Callable[[], bool]) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.path = path
        self.in_order = in_order
        self.ended = threading.Event()

    def begin(self) -> None:
        """Touch the file once, then again and again in a thread.

        Raises:
            UsageError: it cannot be touched: whoever looks would call this worker ill.
        """
        try:
            self.beat()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UsageError(f"FER_BATCH_HEARTBEAT: {self.path}: {reason}") from error
        self.start()

    def run(self) -> None:
        while not self.ended.wait(EVERY_S):
            try:
                self.beat()
            except OSError as error:  # a disk that is full for a while
                logger.warning("heartbeat: %s: %s", self.path, error.strerror or error)
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def beat(self) -> None:
        if self.in_order():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()


def is_fresh(path: Path) -> bool:
    """Whether a worker has touched ``path`` in the last minute."""
    try:
        return time.time() - path.stat().st_mtime < FRESH_S
    except OSError:
        return False


def any_fresh(folder: Path) -> bool:
    """Whether any worker that keeps its files below ``folder`` is in order."""
    return any(is_fresh(path) for path in folder.glob(f"*/{NAME}"))
