"""Text out of storage as it comes in, a megabyte at a time, without a copy on this machine."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TextIO

from fer_batch.jobs.store.storage import Storage


class _Blocks(io.RawIOBase):
    """Blocks of bytes as a file that is read from the front."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


@contextmanager
def open_text(storage: Storage, key: str) -> Iterator[TextIO]:
    """The text at ``key``, line ends as they are; bytes that are no UTF-8 become surrogates.

    Raises:
        StorageError: it is not there, or the storage stops answering.
    """
    blocks = storage.read_blocks(key)
    with closing(blocks):  # type: ignore[type-var]
        raw = io.BufferedReader(_Blocks(blocks), buffer_size=1 << 16)
        yield io.TextIOWrapper(raw, encoding="utf-8", errors="surrogateescape", newline="")
