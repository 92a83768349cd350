"""A stage of the pipeline in a thread of its own, with a bounded queue in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Full, Queue
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")

# What waits between two stages, in all. More smooths out their different paces, up to a point.
BYTES_AHEAD = 48 << 20
FEWEST_AHEAD, MOST_AHEAD = 4, 16


def frames_ahead(width: int, height: int) -> int:
    """How many frames of that size may wait between one stage and the next."""
    return max(FEWEST_AHEAD, min(MOST_AHEAD, BYTES_AHEAD // max(width * height * 3 // 2, 1)))


class Prefetch(Generic[T]):
    """Runs an iterator in a thread, at most ``size`` items ahead of its reader.

    An error in the iterator is raised at the reader, in its place. Leaving the context ends the
    thread and joins it, whether all was read or not, and closes the iterator.
    """

    def __init__(self, items: Iterator[T], size: int) -> None:
        self._items = items
        self._queue: Queue[tuple[str, object]] = Queue(size)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def __iter__(self) -> Iterator[T]:
        while True:
            kind, value = self._queue.get()
            if kind == "item":
                yield value  # type: ignore[misc]
            elif kind == "error":
                raise value  # type: ignore[misc]
            else:
                return

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._put(("item", item)):
                    break
            else:
                self._put(("end", None))
        except BaseException as error:
            self._put(("error", error))
        finally:
            close = getattr(self._items, "close", None)
            if close is not None:
                close()

    def _put(self, message: tuple[str, object]) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(message, timeout=0.1)
                return True
            except Full:
                continue
        return False
