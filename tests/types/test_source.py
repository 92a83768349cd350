"""What an input is before it is decoded."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fer_batch.types import Frame, SourceInfo


def source(pts: list[int], time_base: Fraction = Fraction(1, 1000)) -> SourceInfo:
    return SourceInfo("x.mp4", "x", "video", 64, 48, 0, time_base, np.array(pts, np.int64))


def test_times_count_from_the_first_frame() -> None:
    info = source([5000, 5040, 5090, 5120])
    assert len(info) == 4
    assert [info.time_s(i) for i in range(4)] == [0.0, 0.04, 0.09, 0.12]
    assert info.start_s == 5.0
    assert info.frame_s == pytest.approx(0.04)
    assert info.duration_s == pytest.approx(0.16)


def test_one_frame_or_none_has_a_length_too() -> None:
    assert source([7]).duration_s == source([7]).frame_s == 0.04
    assert source([]).duration_s == 0.0


def test_long_times_are_exact() -> None:
    info = source([10**15, 10**15 + 1001], Fraction(1, 30_000))
    assert info.time_s(1) == 1001 / 30_000


def test_luma_is_a_view_of_the_upper_two_thirds() -> None:
    image = np.arange(6 * 4, dtype=np.uint8).reshape(6, 4)
    frame = Frame(0, 0, image, 4, 4)
    assert frame.luma.shape == (4, 4) and np.shares_memory(frame.luma, image)
    assert (frame.luma == image[:4]).all()
