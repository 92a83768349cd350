"""Progress adds up, wishes to stop are heard, times are counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.errors import Cancelled
from fer_batch.pipeline.progress import FRAMES_BETWEEN_CHECKS, Pulse, Timings, never


@given(st.lists(st.integers(1, 40)))
def test_what_is_reported_adds_up(beats: list[int]) -> None:
    reported: list[int] = []
    pulse = Pulse(reported.append, never)
    for frames in beats:
        pulse.beat(frames)
    pulse.flush()
    assert sum(reported) == sum(beats) and 0 not in reported


def test_reports_and_questions_come_every_few_frames() -> None:
    reported: list[int] = []
    asked: list[int] = []

    def ask() -> bool:
        asked.append(sum(reported))
        return False

    pulse = Pulse(reported.append, ask, clock=lambda: 0.0)
    for _ in range(3 * FRAMES_BETWEEN_CHECKS + 1):
        pulse.beat()
    assert reported == [FRAMES_BETWEEN_CHECKS] * 3
    assert len(asked) == 3


def test_slow_frames_are_reported_one_by_one() -> None:
    reported: list[int] = []
    ticks = iter(range(100))
    pulse = Pulse(reported.append, never, clock=lambda: float(next(ticks)))
    for _ in range(4):
        pulse.beat()
    assert reported == [1] * 4


def test_a_wish_to_stop_ends_the_work() -> None:
    reported: list[int] = []
    pulse = Pulse(reported.append, lambda: True, clock=lambda: 0.0)
    with pytest.raises(Cancelled):
        for _ in range(1000):
            pulse.beat()
    assert sum(reported) == FRAMES_BETWEEN_CHECKS
    with pytest.raises(Cancelled):
        pulse.flush()


def test_times_are_counted_by_stage_also_of_what_fails() -> None:
    timings = Timings()
    with timings.stage("decode"), timings.stage("detect"):
        pass
    with pytest.raises(KeyError), timings.stage("decode"):
        raise KeyError
    before = dict(timings.seconds)
    assert set(before) == {"decode", "detect"} and min(before.values()) > 0
    timings.add({"decode": 2.0, "encode": 1.0})
    assert timings.seconds["decode"] == before["decode"] + 2.0
    assert timings.seconds["encode"] == 1.0
