"""Things that one thread works with at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fer_batch.idle import Idle


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_are_made_than_wanted_and_none_is_with_two_at_once(most: int) -> None:
    made: list[object] = []
    held: set[int] = set()
    lock, together = threading.Lock(), threading.Barrier(most)

    def make() -> object:
        made.append(object())
        return made[-1]

    idle = Idle(make, most)
    assert len(made) == 1

    def work(turn: int) -> None:
        with idle.taken() as one:
            with lock:
                assert id(one) not in held
                held.add(id(one))
            if turn < most:
                together.wait(timeout=30)  # all of the first ones hold one each
            with lock:
                held.remove(id(one))

    with ThreadPoolExecutor(2 * most + 1) as pool:
        list(pool.map(work, range(8 * most)))
    assert len(made) == most and not held


def test_it_is_given_back_after_a_failure() -> None:
    idle = Idle(object, 1)
    with pytest.raises(ZeroDivisionError), idle.taken():
        raise ZeroDivisionError
    with idle.taken() as one:
        assert one is not None
