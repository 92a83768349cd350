"""Cutting a source: all of it, once, on the detection grid."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.pipeline.native import COLLECT_EVERY
from fer_batch.pipeline.plan import WINDOW, asked_each, asked_frames, plan
from fer_batch.types import SourceInfo


def source(frames: int) -> SourceInfo:
    pts = np.arange(frames, dtype=np.int64)
    return SourceInfo("x", "x", "video", 64, 48, 0, Fraction(1, 25), pts)


@given(st.integers(0, 3000), st.integers(1, 600), st.integers(1, 9), st.integers(1, 9))
def test_segments_cover_all_frames_once_and_start_on_the_grid(
    frames: int, length: int, every: int, grid: int
) -> None:
    found = plan(source(frames), AnalyzeSettings(every=every, grid=grid), length)
    assert [s.index for s in found] == list(range(len(found)))
    assert [f for s in found for f in range(s.start, s.stop)] == list(range(frames))
    assert all(len(s) > 0 for s in found)
    assert all(s.start % (every * grid * WINDOW) == 0 for s in found)
    # As few as will do, none longer than asked for by a whole step of the grid, all alike but for
    # what the grid takes from the last.
    step = every * grid * WINDOW
    assert len(found) <= math.ceil(frames / length)
    assert all(len(s) < length + step for s in found)
    for one, other in pairwise(found):
        assert len(one) == len(found[0])
        assert other is found[-1] or len(other) == len(one)
        assert len(other) > len(one) - step * len(found)


def test_what_cannot_be_sought_in_is_one_segment() -> None:
    info = replace(source(1000), seekable=False)
    (only,) = plan(info, AnalyzeSettings(), 100)
    assert (only.start, only.stop) == (0, 1000)


@given(st.integers(3001, 200_000))
def test_memory_is_collected_after_each_segment_of_a_long_local_run(frames: int) -> None:
    """With segments of just under what a collection waits for, garbage of two would pile up."""
    *whole, _ = plan(source(frames), AnalyzeSettings(), RunSettings().segment_frames)
    assert all(len(segment) >= COLLECT_EVERY for segment in whole)


def test_a_second_network_is_asked_about_each_photo_and_once_a_second_about_films() -> None:
    film, photos = source(100), replace(source(100), kind="photos")
    assert asked_each(film, AnalyzeSettings()) == 24  # of 25 frames a second
    assert asked_each(film, AnalyzeSettings(second_opinion="on")) == 1
    assert asked_each(photos, AnalyzeSettings()) == 1
    slow = replace(film, time_base=Fraction(1))  # a frame a second: each
    assert asked_each(slow, AnalyzeSettings()) == 1


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([Fraction(1, 25), Fraction(1, 2)]))
def test_segments_begin_with_a_frame_that_it_is_asked_about(
    every: int, grid: int, time_base: Fraction
) -> None:
    info = replace(source(600), time_base=time_base)
    settings = AnalyzeSettings(every=every, grid=grid)
    asked = set(asked_frames(info, settings).tolist())
    assert {segment.start for segment in plan(info, settings, 100)} <= asked
