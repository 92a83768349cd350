"""Short misses are filled in, ghosts found: against the definition written out frame by frame."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.tracking.gaps import ghosts, missing_rows
from tests.tracking.films import anything

quick = settings(max_examples=60)
FRAMES = 24
sights = st.sets(st.integers(0, FRAMES - 1), min_size=1).map(sorted)
masks = st.lists(st.booleans(), min_size=FRAMES, max_size=FRAMES)
steps = st.lists(st.floats(0.01, 0.5), min_size=FRAMES, max_size=FRAMES)


@quick
@given(sights, masks, steps, st.floats(0, 2))
def test_missing_rows_are_the_usable_frames_of_short_gaps(
    seen: list[int], mask: list[bool], step: list[float], longest_s: float
) -> None:
    frame, usable, time_s = np.array(seen, np.int64), np.array(mask), np.cumsum(step)
    found, before, share = missing_rows(frame, time_s, usable, longest_s)
    expected = []
    for index in range(FRAMES):
        earlier, later = [s for s in seen if s < index], [s for s in seen if s > index]
        if index in seen or not earlier or not later or not usable[index]:
            continue
        if time_s[later[0]] - time_s[earlier[-1]] <= longest_s:
            expected.append((index, earlier[-1], later[0]))
    assert found.tolist() == [index for index, _, _ in expected]
    assert frame[before].tolist() == [first for _, first, _ in expected]
    for (index, first, last), at in zip(expected, share.tolist(), strict=True):
        between = time_s[first] + at * (time_s[last] - time_s[first])
        assert 0 < at < 1 and abs(between - time_s[index]) < 1e-6


def test_a_gap_of_just_the_longest_is_bridged() -> None:
    frame, usable = np.array([0, 4]), np.ones(5, bool)
    time_s = np.arange(5) / 8
    assert missing_rows(frame, time_s, usable, 0.5)[0].tolist() == [1, 2, 3]
    assert missing_rows(frame, time_s, usable, 0.49)[0].tolist() == []


@quick
@given(st.integers(0, 2**32 - 1), st.floats(0, 2), st.floats(0, 1))
def test_ghosts_are_tracks_both_short_and_uncertain(
    seed: int, shortest_s: float, least: float
) -> None:
    faces = anything(seed)
    rng = np.random.default_rng(seed)
    track = rng.integers(0, 6, len(faces.frame))
    confidence = rng.uniform(0, 1, len(faces.frame)).astype(np.float32)
    drop = ghosts(track, faces.frame, confidence, faces.time_s, shortest_s, least)
    for row, number in enumerate(track.tolist()):
        mine = track == number
        times = faces.time_s[faces.frame[mine]]
        ghost = np.ptp(times) < shortest_s and float(confidence[mine].mean()) < least
        assert drop[row] == ghost


def test_certain_or_long_tracks_stay() -> None:
    frame = np.array([0, 0, 0, 1, 1, 30])
    track = np.array([0, 1, 2, 0, 1, 2])
    confidence = np.array([0.9, 0.6, 0.6, 0.9, 0.6, 0.6], np.float32)
    drop = ghosts(track, frame, confidence, np.arange(31) / 25, 0.4, 0.8)
    assert drop.tolist() == [False, True, False, False, True, False]
