"""Things that one thread works with at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Idle(Generic[T]):
    """At most ``most`` things, the first made at once and the others when they are needed; who
    wants one more waits until one is free."""

    def __init__(self, make: Callable[[], T], most: int) -> None:
        self._make, self._most, self._made = make, most, 1
        self._making = threading.Lock()
        self._free: queue.LifoQueue[T] = queue.LifoQueue()
        self._free.put(make())

    @contextmanager
    def taken(self) -> Iterator[T]:
        """One of them, for nobody else until it is given back."""
        one = self._take()
        try:
            yield one
        finally:
            self._free.put(one)

    def _take(self) -> T:
        try:
            return self._free.get_nowait()
        except queue.Empty:
            with self._making:
                room = self._made < self._most
                self._made += room
            return self._make() if room else self._free.get()
