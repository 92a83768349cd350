"""Who is who from frame to frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from fer_batch.tracking.assign import assign_tracks
from fer_batch.types import FloatArray, IntArray
from tests.tracking.films import RATE, Film, Path, anything, film, look

PATIENCE_S = 1.5
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=40)


def tracks(of: Film, patience_s: float = PATIENCE_S) -> IntArray:
    return assign_tracks(of.frame, of.box, of.looks, of.time_s, patience_s)


def line(x: float, y: float, vx: float = 0.0, vy: float = 0.0) -> Path:
    return lambda t: (x + vx * t, y + vy * t)


@quick
@given(seeds)
def test_numbers_count_up_in_order_of_appearance(seed: int) -> None:
    faces = anything(seed)
    found = tracks(faces)
    assert sorted(set(found.tolist())) == list(range(len(set(found.tolist()))))
    first_seen = [int(faces.frame[found == n].min()) for n in sorted(set(found.tolist()))]
    assert first_seen == sorted(first_seen)


@quick
@given(seeds)
def test_one_number_is_never_twice_in_a_frame(seed: int) -> None:
    faces = anything(seed)
    pairs = list(zip(faces.frame.tolist(), tracks(faces).tolist(), strict=True))
    assert len(pairs) == len(set(pairs))


@quick
@given(seeds, seeds)
def test_order_within_a_frame_does_not_matter(seed: int, other: int) -> None:
    faces = anything(seed)
    shuffled, order = faces.shuffled(np.random.default_rng(other))
    assert tracks(shuffled).tolist() == tracks(faces)[order].tolist()


@quick
@given(seeds)
def test_a_track_ends_when_not_seen_for_longer_than_the_patience(seed: int) -> None:
    faces = anything(seed)
    found = tracks(faces, 0.5)
    for number in set(found.tolist()):
        times = faces.time_s[faces.frame[found == number]]
        assert (np.diff(times) <= 0.5).all()


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("gap", [0.0, 15.0])
def test_people_who_cross_slowly_keep_their_numbers(alike: bool, gap: float) -> None:
    looks = [look(1), look(1 if alike else 2)]
    crossing = film([line(100, 100, 60), line(280, 100 + gap, -60)], looks, 75)
    assert (tracks(crossing) == crossing.person).all()


def test_new_people_are_numbered_from_left_to_right() -> None:
    # The order of rows in a frame is the detector's, by confidence.
    three = film([line(300, 50), line(100, 50), line(200, 50)], [look(i) for i in range(3)], 5)
    assert tracks(three).tolist() == [2, 0, 1] * 5


def test_another_look_in_the_same_place_is_someone_else() -> None:
    before = film([line(100, 100)], [look(1)], 20)
    looks = np.where(before.frame[:, None] < 10, look(1), look(2))
    cut = Film(before.frame, before.box, looks, before.person, before.time_s)
    assert tracks(cut).tolist() == [0] * 10 + [1] * 10


def test_a_look_that_changes_gradually_stays_one_person() -> None:
    before = film([line(100, 100)], [look(1)], 50)
    share = (before.frame / 49)[:, None]
    looks = (1 - share) * look(1) + share * look(2)
    looks = (looks / np.linalg.norm(looks, axis=1, keepdims=True)).astype(np.float32)
    turning = Film(before.frame, before.box, looks, before.person, before.time_s)
    assert set(tracks(turning).tolist()) == {0}


@pytest.mark.parametrize(("hidden_s", "people"), [(1.0, 1), (1.4, 1), (1.6, 2)])
def test_out_of_sight_for_a_while(hidden_s: float, people: int) -> None:
    last = 10 + round(hidden_s * RATE)
    faces = film([line(100, 100)], [look(1)], 80, seen=lambda p, f: not 10 < f < last)
    assert len(set(tracks(faces).tolist())) == people


def test_motion_is_followed_through_a_short_miss() -> None:
    # Faster than a face's reach in six frames, were it not for the motion seen before.
    seen = lambda person, frame: not 20 < frame < 26  # noqa: E731
    faces = film([line(50, 100, 250)], [look(1)], 50, size=40, seen=seen)
    assert set(tracks(faces).tolist()) == {0}


def test_far_away_or_of_another_size_is_someone_else() -> None:
    jump = film([lambda t: (100, 100) if t < 0.4 else (300, 100)], [look(1)], 20)
    assert tracks(jump).tolist() == [0] * 10 + [1] * 10
    grown = film([line(100, 100)], [look(1)], 20)
    grown.box[10:, 2:] *= 2
    assert tracks(grown).tolist() == [0] * 10 + [1] * 10


def test_a_video_without_faces() -> None:
    nobody = film([], np.empty((0, 144), np.float32), 10)  # type: ignore[arg-type]
    assert tracks(nobody).tolist() == []


@pytest.mark.parametrize("seed", range(12))
def test_a_crowd_is_assigned_as_scipy_would(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fourteen people who walk through one another, a tenth of whom are not found."""
    chance, asked = np.random.default_rng(seed), list[int]()
    places, speeds = chance.uniform(0, 500, (14, 2)), chance.uniform(-4, 4, (14, 2))
    looks = chance.normal(1.0, 0.5, (14, 8))
    frame, box, seen = list[int](), list[list[float]](), list[object]()
    for number in range(40):
        for person in np.flatnonzero(chance.random(14) > 0.1):
            x, y = places[person] + speeds[person] * number + chance.normal(0, 2, 2)
            frame.append(number)
            box.append([x, y, 80.0 + 2 * int(person), 80.0])
            seen.append(looks[person] / np.linalg.norm(looks[person]))
    given = (np.array(frame), np.array(box, np.float32), np.array(seen, np.float16))
    found = assign_tracks(*given, np.arange(40) / RATE, 2.0)

    def scipys(table: FloatArray, **_: bool) -> tuple[IntArray, None]:
        rows, columns = linear_sum_assignment(table)
        asked.append(len(rows))
        chosen = np.full(len(table), -1)
        chosen[rows] = columns
        return chosen, None

    monkeypatch.setattr("lap.lapjv", scipys)
    assert (assign_tracks(*given, np.arange(40) / RATE, 2.0) == found).all()
    assert len(asked) > 20 and max(asked) >= 10
