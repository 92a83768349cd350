"""A worker is stuck where it could consume and does not."""

from __future__ import annotations

import time

import pytest

from workers.watchdog import Watchdog


class Clock:
    """A clock that tests move, in place of ``time.monotonic``."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", made)
    return made


def look(dog: Watchdog, clock: Clock, after: float, takes: float = 0.0, **seen: int) -> bool:
    """A look ``after`` seconds, during which Redis ``takes`` its time to answer."""
    clock.now += after
    asked = clock.now
    clock.now += takes
    facts = {"begun": 1, "busy": 0, "waiting": 1} | seen
    return dog.stuck(asked, facts["begun"], bool(facts["busy"]), facts["waiting"])


def test_messages_wait_and_nothing_begins(clock: Clock) -> None:
    dog = Watchdog(8)
    looks = [look(dog, clock, after=1) for _ in range(11)]
    assert looks == [False] * 9 + [True] * 2


@pytest.mark.parametrize("moves", [{"busy": 1}, {"waiting": 0}, {"begun": 2}])
def test_whoever_works_or_has_nothing_to_do_is_not_stuck(
    clock: Clock, moves: dict[str, int]
) -> None:
    dog = Watchdog(8)
    assert not any(look(dog, clock, after=1) for _ in range(9))
    assert not look(dog, clock, after=1, **moves)
    assert not any(look(dog, clock, after=1) for _ in range(8))


def test_a_redis_that_is_frozen_says_nothing_about_the_worker(clock: Clock) -> None:
    dog = Watchdog(8)
    look(dog, clock, after=1)
    assert not look(dog, clock, after=1, takes=12)
    assert not any(look(dog, clock, after=1) for _ in range(7))
    assert look(dog, clock, after=1)


def test_a_redis_that_was_away_gives_time_afresh(clock: Clock) -> None:
    dog = Watchdog(8)
    assert not any(look(dog, clock, after=1) for _ in range(9))
    dog.reset()
    assert not any(look(dog, clock, after=1) for _ in range(8))
