"""A stage in a thread of its own: order, errors, bounds, and an end in every case."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from fer_batch.pipeline.prefetch import Prefetch


class Source:
    """Counts up, says how far it came and whether it was closed."""

    def __init__(self, stop: int, fails_at: int = -1) -> None:
        self.made, self.closed, self._stop, self._fails_at = 0, False, stop, fails_at

    def items(self) -> Iterator[int]:
        try:
            for i in range(self._stop):
                if i == self._fails_at:
                    raise KeyError(f"item {i}")
                self.made = i + 1
                yield i
        finally:
            self.closed = True


def threads() -> set[threading.Thread]:
    return set(threading.enumerate())


@pytest.mark.parametrize("size", [1, 3, 100])
def test_everything_comes_in_order(size: int) -> None:
    source, before = Source(50), threads()
    with Prefetch(source.items(), size) as items:
        assert list(items) == list(range(50))
    assert source.closed and threads() == before


def test_nothing_at_all() -> None:
    with Prefetch(iter(()), 4) as items:
        assert list(items) == []


def test_an_error_is_raised_in_its_place() -> None:
    source, before, read = Source(50, fails_at=7), threads(), []
    with pytest.raises(KeyError, match="item 7"), Prefetch(source.items(), 2) as items:
        for item in items:
            read.append(item)
    assert read == list(range(7))
    assert source.closed and threads() == before


def test_it_never_runs_further_ahead_than_its_size() -> None:
    source = Source(1000)
    with Prefetch(source.items(), 5) as items:
        for item in items:
            # Those in the queue, one waiting for a place in it, and the one just read.
            assert source.made <= item + 1 + 5 + 1
            if item > 40:
                break
            time.sleep(0.002)
    assert source.made < 60


@pytest.mark.parametrize("read", [0, 1, 10])
def test_leaving_early_ends_the_thread_and_closes_the_source(read: int) -> None:
    source, before = Source(10**9), threads()
    with Prefetch(source.items(), 3) as items:
        for item in items:
            if item >= read:
                break
    assert source.closed and threads() == before


def test_an_error_of_the_readers_ends_it_too() -> None:
    source, before = Source(10**9), threads()
    with pytest.raises(ZeroDivisionError), Prefetch(source.items(), 3) as items:
        for item in items:
            1 / (3 - item)
    assert source.closed and threads() == before


def test_stages_in_a_row_all_end() -> None:
    source, before = Source(10**9), threads()
    with (
        Prefetch(source.items(), 2) as first,
        Prefetch((2 * i for i in first), 2) as second,
        Prefetch((i + 1 for i in second), 2) as third,
    ):
        for item in third:
            if item > 20:
                break
    assert source.closed and threads() == before


def test_an_error_passes_through_stages_in_a_row() -> None:
    source, before, read = Source(50, fails_at=9), threads(), []
    with (
        pytest.raises(KeyError, match="item 9"),
        Prefetch(source.items(), 2) as first,
        Prefetch((2 * i for i in first), 2) as second,
    ):
        for item in second:
            read.append(item)
    assert read == [2 * i for i in range(9)] and threads() == before
