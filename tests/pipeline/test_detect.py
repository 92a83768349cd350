"""Detection on a grid: how often is looked, where it is finer, and that cuts do not matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.pipeline.detect import detect_on_grid
from fer_batch.pipeline.progress import Timings
from fer_batch.types import Detections, Frame
from tests.pipeline.stand_ins import Counting, Painted, PaintedSource

quick = settings(max_examples=60)
Places = list[list[int] | None]
# Squares stand far enough apart never to touch; None is a frame that cannot be decoded.
frames_of = st.lists(
    st.one_of(st.sets(st.sampled_from([0, 40, 80])).map(sorted), st.none()), max_size=30
)


def faces(
    places: Places,
    grid: int,
    start: int = 0,
    stop: int | None = None,
    every: int = 1,
    side: int = 16,
) -> tuple[dict[int, Detections], Counter[int]]:
    """What is found in a range, as the pipeline reads it, and what the detector was asked."""
    source, detector = PaintedSource(places, side), Counting(Painted())
    stop = len(places) if stop is None else stop
    reach = min(stop + 1, len(places))
    frames = (f for f in source.frames(start, reach) if f.index % every == 0)
    found = dict[int, Detections]()
    for frame, detections in detect_on_grid(frames, detector, grid, Timings()):
        assert frame.index not in found
        found[frame.index] = detections
    return {i: d for i, d in found.items() if i < stop}, detector.seen


@quick
@given(frames_of, st.integers(1, 6))
def test_each_frame_comes_once_in_order(places: Places, grid: int) -> None:
    found, seen = faces(places, grid)
    assert list(found) == list(range(len(places)))
    # No frame is looked at twice, and never one that cannot be decoded.
    assert all(count == 1 for count in seen.values())
    assert all(places[i] is not None for i in seen)
    assert all(len(found[i]) == 0 for i, p in enumerate(places) if p is None)


@quick
@given(frames_of, st.integers(1, 6), st.integers(1, 4), st.data())
def test_any_cut_on_the_grid_finds_the_same(
    places: Places, grid: int, every: int, data: st.DataObject
) -> None:
    whole, _ = faces(places, grid, every=every)
    cells = len(places) // (grid * every)
    cuts = sorted(data.draw(st.sets(st.integers(0, cells), max_size=4)))
    edges = sorted({0, *(c * grid * every for c in cuts), len(places)})
    parts: dict[int, Detections] = {}
    for start, stop in pairwise(edges):
        parts |= faces(places, grid, start, stop, every)[0]
    assert list(parts) == list(whole)
    for index, found in parts.items():
        for name in ("box", "confidence"):
            assert np.array_equal(getattr(found, name), getattr(whole[index], name))


@quick
@given(frames_of)
def test_a_grid_of_1_looks_at_every_frame(places: Places) -> None:
    found, seen = faces(places, 1)
    decoded = [i for i, p in enumerate(places) if p is not None]
    assert sorted(seen) == decoded
    for i in decoded:
        assert found[i].box[:, 0].tolist() == places[i]


@pytest.mark.parametrize(("grid", "frames"), [(4, 41), (2, 41), (5, 41), (8, 41), (4, 40), (4, 1)])
def test_where_nothing_changes_only_the_grid_is_looked_at(grid: int, frames: int) -> None:
    found, seen = faces([[0, 80]] * frames, grid)
    assert sorted(seen) == sorted({*range(0, frames, grid), frames - 1})
    assert all(found[i].box[:, 0].tolist() == [0, 80] for i in range(frames))


def test_where_neighbours_disagree_halves_are_looked_at() -> None:
    # Someone comes in at frame 11 of a grid of 8: between 8 and 16 it is halved.
    places: Places = [[0] if i < 11 else [0, 80] for i in range(25)]
    found, seen = faces(places, 8)
    assert sorted(seen) == [0, 8, 10, 11, 12, 16, 24]
    assert [len(found[i]) for i in range(25)] == [1] * 11 + [2] * 14


def test_a_jump_is_found_to_the_frame() -> None:
    places: Places = [[0] if i < 7 else [80] for i in range(17)]
    found, _ = faces(places, 4)
    assert [found[i].box[0, 0] for i in range(17)] == [0] * 7 + [80] * 10


def test_between_two_that_agree_faces_move_straight() -> None:
    places: Places = [[i] for i in range(13)]
    found, seen = faces(places, 2, side=32)
    assert sorted(seen) == [0, 2, 4, 6, 8, 10, 12]
    assert [found[i].box[0, 0] for i in range(13)] == pytest.approx(list(range(13)), abs=1e-5)


def test_damaged_frames_on_the_grid_do_not_hide_their_neighbours() -> None:
    places: Places = [[0]] * 17
    for i in (4, 8, 9):
        places[i] = None
    found, seen = faces(places, 4)
    assert [len(found[i]) for i in range(17)] == [0 if i in (4, 8, 9) else 1 for i in range(17)]
    assert sum(seen.values()) <= 9


def test_all_damaged() -> None:
    found, seen = faces([None] * 9, 4)
    assert [len(found[i]) for i in range(9)] == [0] * 9 and not seen


def test_between_frames_without_faces_is_looked_at_once_more() -> None:
    # Someone is there for three frames, between two grid frames that are empty.
    places: Places = [[0] if 7 < i < 11 else [] for i in range(19)]
    found, seen = faces(places, 6)
    assert sorted(seen) == [0, 3, 6, 7, 8, 9, 10, 11, 12, 15, 18]
    assert [len(found[i]) for i in range(19)] == [int(7 < i < 11) for i in range(19)]


def test_each_level_of_a_group_is_one_question() -> None:
    class Asked(Painted):
        def __init__(self) -> None:
            self.asked: list[list[int]] = []

        def detect_many(self, frames: Sequence[Frame]) -> list[Detections]:
            self.asked.append([frame.index for frame in frames])
            return super().detect_many(frames)

    detector = Asked()
    # Faces jump about, so that every frame must be looked at.
    source = PaintedSource([[20 * (i % 3)] for i in range(9)], side=8)
    list(detect_on_grid(source.frames(0, 9), detector, 8, Timings()))
    assert detector.asked == [[0, 8], [4], [2, 6], [1, 3, 5, 7]]


@quick
@given(frames_of, st.integers(1, 6), st.integers(1, 4))
def test_frames_far_apart_are_all_searched(places: Places, grid: int, every: int) -> None:
    """``longest`` of less than the distance of two frames: nothing is filled in."""
    source, detector = PaintedSource(places), Counting(Painted())
    frames = [f for f in source.frames(0, len(places)) if f.index % every == 0]
    found = list(detect_on_grid(frames, detector, grid, Timings(), longest=0.5))
    assert sorted(detector.seen) == [f.index for f in frames if f.image is not None]
    for frame, detections in found:
        assert len(detections) == len(places[frame.index] or ())


@quick
@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(1, 8), st.integers(1, 20))
def test_nothing_is_filled_in_over_more_than_the_longest(
    steps: list[int], grid: int, longest: int
) -> None:
    """At any times: between two searched pictures that lie further apart lies no other."""
    places: Places = [[0]] * len(steps)
    times = np.cumsum(steps)
    source, detector = PaintedSource(places), Counting(Painted())
    frames = [replace(f, pts=int(times[f.index])) for f in source.frames(0, len(places))]
    list(detect_on_grid(frames, detector, grid, Timings(), longest))
    for before, after in pairwise(sorted(detector.seen)):
        assert after == before + 1 or times[after] - times[before] <= longest
