"""A track that goes over to somebody else is parted where that happens; others stay whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.tracking.cuts import NO_CUTS
from fer_batch.tracking.doubts import (
    AFTER_A_WHILE,
    AT_ONCE,
    LONG_AWAY,
    appearance_similarity,
    parted,
    pieces,
)
from fer_batch.tracking.people import SAME_PERSON, SURELY
from fer_batch.types import FloatArray, IntArray

HERE, NEAR_HERE, ELSEWHERE = (
    np.array([x], np.float32) for x in (0.0, SURELY - 0.01, SAME_PERSON + 0.1)
)


def numbers(*counts: int) -> IntArray:
    """So many rows of 0, of 1, and so on."""
    return np.repeat(np.arange(len(counts)), counts)


def test_similarity_is_to_the_last_sight_of_the_same_track() -> None:
    one, other = np.eye(2)
    between = (one + other) / np.sqrt(2)
    looks = np.array([one, other, between, other, one], np.float16)
    track, frame = np.array([0, 1, 0, 1, 0]), np.array([0, 0, 1, 1, 4])
    found = appearance_similarity(track, frame, looks, NO_CUTS)
    np.testing.assert_allclose(found, [1, 1, np.sqrt(0.5), 1, np.sqrt(0.5)], atol=1e-3)
    none = np.zeros(0, np.int64)
    assert appearance_similarity(none, none, looks[:0], NO_CUTS).shape == (0,)
    # Whatever faces look like, the picture has changed at once.
    found = appearance_similarity(track, frame, looks, np.array([3]))
    np.testing.assert_allclose(found, [1, 1, np.sqrt(0.5), 1, 0], atol=1e-3)


def test_a_piece_ends_where_looks_change_sooner_after_a_gap() -> None:
    track, frame = np.zeros(8, np.int64), np.array([0, 1, 2, 3, 4, 9, 10, 15])
    like = np.ones(8, np.float32)
    like[2] = AT_ONCE - 0.01
    like[3] = AT_ONCE + 0.01
    like[5] = AFTER_A_WHILE - 0.01
    like[7] = AFTER_A_WHILE + 0.01
    assert pieces(track, frame, like).tolist() == [0, 0, 1, 1, 1, 2, 2, 2]


def test_a_piece_ends_where_nobody_is_seen_for_long_whatever_they_look_like() -> None:
    frame = np.cumsum([0, 1, LONG_AWAY, 1, LONG_AWAY + 1, 1])
    found = pieces(np.zeros(6, np.int64), frame, np.ones(6, np.float32))
    assert found.tolist() == [0, 0, 0, 0, 1, 1]


def test_pieces_of_tracks_have_numbers_of_their_own() -> None:
    track, frame = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    like = np.array([1, 1, 0, 1], np.float32)
    assert pieces(track, frame, like).tolist() == [0, 2, 1, 2]


def test_two_people_are_parted_and_one_is_not() -> None:
    track, piece = numbers(6), numbers(3, 3)
    like, frame = np.ones(6, np.float32), np.arange(6)
    for other, expected in ((ELSEWHERE, [0, 0, 0, 1, 1, 1]), (NEAR_HERE, [0] * 6)):
        found = parted(track, frame, piece, like, {0: HERE, 1: other})
        assert found.tolist() == expected
    # Who is not known goes on as before.
    assert parted(track, frame, piece, like, {0: HERE}).tolist() == [0] * 6
    assert parted(track, frame, piece, like, {}).tolist() == [0] * 6


def test_whoever_is_not_surely_the_same_is_parted_for_clustering_to_tell() -> None:
    """One picture of a stranger may look more like them than their own pictures in other tracks."""
    between = np.array([(SURELY + SAME_PERSON) / 2], np.float32)
    like, frame = np.ones(6, np.float32), np.arange(6)
    found = parted(numbers(6), frame, numbers(3, 3), like, {0: HERE, 1: between})
    assert found.tolist() == [0, 0, 0, 1, 1, 1]


def test_what_is_not_known_goes_with_the_side_that_it_is_like() -> None:
    track, frame, piece = numbers(6), np.arange(6), numbers(2, 2, 2)
    known = {0: HERE, 2: ELSEWHERE}
    for place, expected in ((2, [0, 0, 1, 1, 1, 1]), (4, [0, 0, 0, 0, 1, 1])):
        like = np.full(6, 0.5, np.float32)
        like[place] = 0.2
        assert parted(track, frame, piece, like, known).tolist() == expected


def test_one_who_is_hidden_for_a_while_is_compared_with_who_is_there_next() -> None:
    """Three pieces, three tracks: that the last is the first again is for clustering to tell."""
    track, frame, piece = numbers(6), np.arange(6), numbers(2, 2, 2)
    known = {0: HERE, 1: ELSEWHERE, 2: HERE}
    found = parted(track, frame, piece, np.ones(6, np.float32), known)
    assert found.tolist() == [0, 0, 1, 1, 2, 2]


def test_numbers_are_in_order_of_appearance() -> None:
    """The second half of the first track begins after the second track."""
    track, frame = np.array([0, 1, 0, 1]), np.array([0, 1, 2, 3])
    piece = np.array([0, 2, 1, 2])
    found = parted(track, frame, piece, np.ones(4, np.float32), {0: HERE, 1: ELSEWHERE})
    assert found.tolist() == [0, 1, 2, 1]
    later = parted(np.array([0, 1, 0, 2]), frame, np.array([0, 2, 1, 3]), np.ones(4, np.float32),
                   {0: HERE, 1: ELSEWHERE})  # fmt: skip
    assert later.tolist() == [0, 1, 2, 3]


@settings(max_examples=60)
@given(st.integers(0, 999), st.integers(0, 60))
def test_parts_lie_within_tracks_and_pieces_stay_whole(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    frame = np.sort(rng.integers(0, 40, rows))
    track = np.unique(rng.integers(0, 5, rows), return_inverse=True)[1].astype(np.int64)
    like = rng.uniform(0.3, 1, rows).astype(np.float32)
    piece = pieces(track, frame, like)
    known: dict[int, FloatArray] = {
        n: rng.uniform(0, 2, 1).astype(np.float32)
        for n in np.unique(piece).tolist()
        if rng.random() < 0.7
    }
    found = parted(track, frame, piece, like, known)
    for inner, outer in ((piece, found), (found, track)):
        pairs = set(zip(inner.tolist(), outer.tolist(), strict=True))
        assert len({a for a, _ in pairs}) == len(pairs)  # each lies in one
    assert sorted(set(found.tolist())) == list(range(len(set(found.tolist()))))
