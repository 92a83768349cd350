"""Cutting a source: all of it, once, on the detection grid."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.config import AnalyzeSettings
from fer_batch.pipeline.plan import plan
from fer_batch.types import SourceInfo


def source(frames: int) -> SourceInfo:
    pts = np.arange(frames, dtype=np.int64)
    return SourceInfo("x", "x", "video", 64, 48, 0, Fraction(1, 25), pts)


@settings(deadline=None)
@given(st.integers(0, 3000), st.integers(1, 600), st.integers(1, 9), st.integers(1, 9))
def test_segments_cover_all_frames_once_and_start_on_the_grid(
    frames: int, length: int, every: int, grid: int
) -> None:
    found = plan(source(frames), AnalyzeSettings(every=every, grid=grid), length)
    assert [s.index for s in found] == list(range(len(found)))
    assert [f for s in found for f in range(s.start, s.stop)] == list(range(frames))
    assert all(len(s) > 0 for s in found)
    assert all(s.start % (every * grid) == 0 for s in found)
    # About as long as asked for: the nearest multiple of the grid, and at least one.
    for one, other in pairwise(found):
        assert abs(len(one) - length) <= max(every * grid / 2, every * grid - length)
        assert len(other) <= len(one)


def test_what_cannot_be_sought_in_is_one_segment() -> None:
    info = replace(source(1000), seekable=False)
    (only,) = plan(info, AnalyzeSettings(), 100)
    assert (only.start, only.stop) == (0, 1000)
