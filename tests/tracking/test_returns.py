"""People who come back get their number again; nobody is in two places at once."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.tracking.returns import LEAST_SIGHTS, join_returns
from fer_batch.types import FloatArray
from tests.tracking.films import look


def rows(*tracks: tuple[range, FloatArray]) -> tuple[np.ndarray, np.ndarray, FloatArray]:
    """Columns of tracks, each with its frames and its look, ordered by frame."""
    frame = np.concatenate([list(frames) for frames, _ in tracks])
    track = np.repeat(np.arange(len(tracks)), [len(frames) for frames, _ in tracks])
    looks = np.concatenate([np.tile(vector, (len(frames), 1)) for frames, vector in tracks])
    order = np.lexsort((track, frame))
    return track[order], frame[order], looks[order]


def mixed(share: float) -> FloatArray:
    """A look whose correlation with ``look(1)`` is ``share``."""
    other = look(2) - look(2) @ look(1) * look(1)
    other /= np.linalg.norm(other)
    mixed = np.float32(share) * look(1) + np.float32(np.sqrt(1 - share**2)) * other
    return mixed.astype(np.float32)


def numbers(track: np.ndarray, joined: np.ndarray) -> dict[int, set[int]]:
    return {int(n): set(joined[track == n].tolist()) for n in np.unique(track)}


def test_one_who_comes_back_has_the_first_number() -> None:
    track, frame, looks = rows(
        (range(10), look(1)), (range(5, 15), look(2)), (range(30, 40), look(1))
    )
    assert numbers(track, join_returns(track, frame, looks)) == {0: {0}, 1: {1}, 2: {0}}


def test_similarity_must_leave_no_doubt() -> None:
    for share, expected in ((0.87, 0), (0.83, 1)):
        track, frame, looks = rows((range(10), look(1)), (range(20, 30), mixed(share)))
        assert numbers(track, join_returns(track, frame, looks))[1] == {expected}


def test_twins_in_one_frame_are_two() -> None:
    track, frame, looks = rows((range(10), look(1)), (range(9, 20), look(1)))
    assert (join_returns(track, frame, looks) == track).all()


def test_the_most_alike_are_joined_first() -> None:
    # The third is like both, and more like the second; first and second met in frame 9.
    track, frame, looks = rows(
        (range(10), look(1)), (range(9, 20), mixed(0.9)), (range(30, 40), mixed(0.92))
    )
    assert numbers(track, join_returns(track, frame, looks)) == {0: {0}, 1: {1}, 2: {1}}


def test_a_few_sights_are_not_enough() -> None:
    short = range(30, 30 + LEAST_SIGHTS - 1)
    track, frame, looks = rows((range(10), look(1)), (short, look(1)))
    assert (join_returns(track, frame, looks) == track).all()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_tracks_are_only_ever_joined_whole_and_never_across_a_frame(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks = []
    for _ in range(rng.integers(1, 9)):
        start = int(rng.integers(0, 60))
        tracks.append((range(start, start + int(rng.integers(1, 25))), look(int(rng.integers(3)))))
    track, frame, looks = rows(*tracks)
    joined = join_returns(track, frame, looks)
    for number, now in numbers(track, joined).items():
        assert len(now) == 1 and now.pop() <= number
    pairs = list(zip(frame.tolist(), joined.tolist(), strict=True))
    assert len(pairs) == len(set(pairs))
    # Joining once is enough.
    assert (join_returns(joined, frame, looks) == joined).all()


def test_nobody() -> None:
    empty = np.empty(0, np.int64)
    assert len(join_returns(empty, empty, np.empty((0, 4), np.float32))) == 0
