"""Tracks of one person become one, whoever comes first; two in one frame never do."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.tracking.people import (
    FURTHEST_COUNTS,
    NEARLY,
    SAME_PERSON,
    cluster,
    cluster_groups,
    distances,
    join_people,
    together,
)
from fer_batch.types import FloatArray

# Each person a direction of its own, so that two are as far apart as strangers are.
FAR, NEAR = 0.8, 0.3
quick = settings(max_examples=40)


def person(number: int, seed: int) -> FloatArray:
    """An embedding of a person: two of one are ``NEAR``, of two ``FAR`` and more."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=128)
    centre = np.zeros(128)
    centre[number] = FAR / np.sqrt(2)
    return (centre + noise / np.linalg.norm(noise) * NEAR / np.sqrt(2)).astype(np.float32)


@st.composite
def films(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int]]]:
    """Who each track is, and from which frame to which it goes."""
    who = draw(st.lists(st.integers(0, 5), min_size=1, max_size=12))
    starts = draw(st.lists(st.integers(0, 60), min_size=len(who), max_size=len(who)))
    return who, [(start, start + 5) for start in starts]


def rows(spans: list[tuple[int, int]], numbers: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Track and frame of every face, by frame."""
    pairs = sorted((f, n) for n, (a, b) in zip(numbers, spans, strict=True) for f in range(a, b))
    return np.array([n for _, n in pairs]), np.array([f for f, _ in pairs])


def groups(track: np.ndarray, joined: np.ndarray) -> set[frozenset[int]]:
    """Which tracks have become one."""
    return {frozenset(track[joined == n].tolist()) for n in set(joined.tolist())}


@quick
@given(films())
def test_two_in_one_frame_are_never_one(film: tuple[list[int], list[tuple[int, int]]]) -> None:
    who, spans = film
    track, frame = rows(spans, list(range(len(who))))
    known = {n: person(0, n) for n in range(len(who))}  # all alike
    joined = join_people(track, frame, known)
    seen = list(zip(frame.tolist(), joined.tolist(), strict=True))
    assert len(set(seen)) == len(seen)


@quick
@given(films(), st.randoms())
def test_the_order_of_tracks_does_not_matter(
    film: tuple[list[int], list[tuple[int, int]]], random: np.random.Generator
) -> None:
    who, spans = film
    plain = list(range(len(who)))
    other = plain.copy()
    random.shuffle(other)
    found = []
    for numbers in (plain, other):
        track, frame = rows(spans, numbers)
        known = {n: person(p, i) for i, (n, p) in enumerate(zip(numbers, who, strict=True))}
        back = {n: i for i, n in enumerate(numbers)}
        joined = join_people(track, frame, known)
        found.append({frozenset(back[n] for n in g) for g in groups(track, joined)})
    assert found[0] == found[1]


def test_people_who_come_back_are_found_and_kept_apart() -> None:
    who = [0, 1, 2, 0, 1, 2, 3, 0]
    spans = [(10 * i, 10 * i + 6) for i in range(len(who))]
    track, frame = rows(spans, list(range(len(who))))
    joined = join_people(track, frame, {n: person(p, n) for n, p in enumerate(who)})
    assert [int(joined[track == n][0]) for n in range(len(who))] == [0, 1, 2, 0, 1, 2, 6, 0]


def test_only_who_is_nearly_another_is_looked_at_again() -> None:
    """And what that shows counts, for joining and for keeping apart."""
    near, far = (SAME_PERSON + NEARLY) / 2, 5.0
    track, frame = rows([(10 * i, 10 * i + 6) for i in range(5)], list(range(5)))
    places = [0.0, near, far, far + 0.1, 3 * far]
    known = {n: np.array([x], np.float32) for n, x in enumerate(places)}
    asked: list[list[int]] = []

    def look_again(numbers: list[int]) -> dict[int, np.ndarray]:
        asked.append(numbers)
        return {n: np.zeros(1, np.float32) for n in numbers}

    assert len(groups(track, join_people(track, frame, known))) == 4
    joined = join_people(track, frame, known, look_again)
    assert asked == [[0, 1]]
    assert groups(track, joined) == {frozenset({0, 1}), frozenset({2, 3}), frozenset({4})}
    # Two of one frame are never one: nobody looks again.
    both = np.where(track == 1, frame - 10, frame)
    order = np.lexsort((track, both))
    joined = join_people(track[order], both[order], known, look_again)
    assert len(asked) == 1 and len(groups(track[order], joined)) == 4


def test_an_unknown_track_stays_alone() -> None:
    track, frame = rows([(0, 3), (5, 8), (9, 12)], [0, 1, 2])
    joined = join_people(track, frame, {0: person(0, 0), 2: person(0, 1)})
    assert groups(track, joined) == {frozenset({0, 2}), frozenset({1})}
    assert join_people(track, frame, {}).tolist() == track.tolist()


def test_groups_are_as_far_apart_as_their_members_on_average_and_at_most() -> None:
    points = np.array([[0.0], [0.3], [0.9], [1.2]])
    apart = np.zeros((4, 4), bool)
    between = (1 - FURTHEST_COUNTS) * 0.9 + FURTHEST_COUNTS * 1.2
    assert cluster(points, apart, SAME_PERSON) == [[0, 1], [2, 3]]
    assert cluster(points, apart, between + 0.01) == [[0, 1, 2, 3]]
    assert cluster(points, apart, between - 0.01) == [[0, 1], [2, 3]]
    apart[0, 3] = apart[3, 0] = True
    assert cluster(points, apart, 9) == [[0, 1], [2, 3]]


@quick
@given(st.integers(2, 12), st.integers(0, 500))
def test_clusters_are_those_of_plain_arithmetic(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 3))
    apart = np.triu(rng.random((count, count)) < 0.2, 1)
    apart |= apart.T
    assert cluster(points, apart, 1.5) == plainly(points, apart, 1.5)


def plainly(points: np.ndarray, apart: np.ndarray, limit: float) -> list[list[int]]:
    """The same by looking at every pair of groups anew each time."""
    groups = [[i] for i in range(len(points))]
    while True:
        best = (limit, -1, -1)
        for a, b in combinations(range(len(groups)), 2):
            pairs = [(i, j) for i in groups[a] for j in groups[b]]
            if any(apart[i, j] for i, j in pairs):
                continue
            far = [float(np.linalg.norm(points[i] - points[j])) for i, j in pairs]
            between = (1 - FURTHEST_COUNTS) * np.mean(far) + FURTHEST_COUNTS * max(far)
            best = min(best, (float(between), a, b))
        _, a, b = best
        if a < 0:
            return sorted(groups)
        groups[a] = sorted(groups[a] + groups.pop(b))


@quick
@given(st.integers(2, 9), st.integers(0, 99))
def test_distances_and_shared_frames(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 5))
    expected = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.testing.assert_allclose(distances(points, points), expected, atol=1e-6)
    frames = [np.unique(rng.integers(0, 30, 5)) for _ in range(count)]
    shared = together(frames)
    for a in range(count):
        for b in range(count):
            both = set(frames[a].tolist()) & set(frames[b].tolist())
            assert shared[a, b] == (a != b and bool(both))


@quick
@given(st.integers(0, 999), st.integers(1, 12))
def test_groups_of_one_are_clustered_as_points(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 3)) / 3
    apart = np.triu(rng.random((count, count)) < 0.2, 1)
    apart |= apart.T
    found = cluster_groups([point[None] for point in points], apart, SAME_PERSON)
    assert found == cluster(points, apart, SAME_PERSON)


def test_groups_are_compared_by_all_their_members() -> None:
    """By its mean the second group would be one with the first."""
    first, spread = np.array([[0.0]]), np.array([[0.0], [2 * SAME_PERSON]])
    near = np.array([[0.1], [SAME_PERSON]])
    free = np.zeros((2, 2), bool)
    assert cluster_groups([first, spread], free, SAME_PERSON) == [[0], [1]]
    assert cluster_groups([first, near], free, SAME_PERSON) == [[0, 1]]
    assert cluster_groups([first, near], ~np.eye(2, dtype=bool), SAME_PERSON) == [[0], [1]]
    assert cluster_groups([], free[:0, :0], SAME_PERSON) == []
