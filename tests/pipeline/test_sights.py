"""What is kept of people, to compare them with those of other inputs: sights, not means."""

from __future__ import annotations

import numpy as np

from fer_batch.pipeline.identify import MOST_SIGHTS, by_person, some_of


def test_some_of_many_lie_evenly() -> None:
    for count in (1, 5, MOST_SIGHTS, 40, 1000):
        rows = np.arange(count) * 3
        found = some_of(rows)
        assert len(found) == min(count, MOST_SIGHTS) == len(set(found.tolist()))
        assert set(found.tolist()) <= set(rows.tolist()) and found[0] == 0
    assert len(some_of(np.zeros(0, np.int64))) == 0


def test_each_track_of_a_person_counts_the_longest_first() -> None:
    track = np.array([0, 1, 1, 1, 2, 2, 9])
    face_id = np.array([1, 1, 1, 1, 2, 2, 1])
    known = {n: np.full(128, n, np.float32) for n in (0, 1, 2)}
    people = by_person(track, face_id, known)
    assert people[1][:, 0].tolist() == [1, 0] and people[2].shape == (1, 128)
    many = by_person(np.arange(40), np.ones(40, np.int64), {n: known[0] for n in range(40)})
    assert many[1].shape == (MOST_SIGHTS, 128)
