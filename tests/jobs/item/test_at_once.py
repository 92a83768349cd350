"""People of several films are told apart by all their pictures, not in each film by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from fer_batch.jobs.item.across import with_persons
from fer_batch.jobs.item.at_once import Film, Told, tell
from fer_batch.tracking import people
from fer_batch.tracking.people import SAME_PERSON
from fer_batch.types import Timeline
from tests.output.report import made

# On a line: one who is seen well, a stranger, and a poor picture of the stranger between them.
ANNA, BEN, POOR = 0.0, 1.4 * SAME_PERSON, 0.65 * SAME_PERSON


def film(tracks: Mapping[int, float], at_once: bool = False) -> tuple[Told, Film]:
    """A film whose tracks lie at those places: one after the other, or all in each frame."""
    told = Told({n: np.array([[x]], np.float32) for n, x in tracks.items()})
    return told, Film(told, timeline(list(tracks), at_once))


def timeline(tracks: list[int], at_once: bool = False) -> Timeline:
    """Each track, ten frames of it, is a person of its own."""
    whole = made.timeline(10 * len(tracks), people=len(tracks))
    number = np.array(tracks)[whole.face_id - 1]
    whole = replace(whole, track=number.astype(np.int64))
    if at_once:
        return whole
    return whole.of_faces(whole.frame // 10 == whole.face_id - 1)


def test_who_looks_most_like_a_stranger_is_known_by_another_film() -> None:
    (alone, only) = film({3: ANNA, 5: POOR})
    tell([only])
    assert alone.one_with == {2: 1}
    (first, one), (second, other) = film({3: ANNA, 5: POOR}), film({0: BEN - 0.05, 1: POOR + 0.1})
    tell([one, other])
    assert first.one_with == {} and second.one_with == {2: 1}
    assert first.embedding.keys() == {1, 2} and second.embedding.keys() == {1}
    # What they are recognised by are their tracks: a mean would lie between them.
    np.testing.assert_allclose(second.embedding[1], [[BEN - 0.05], [POOR + 0.1]], rtol=1e-6)


def test_two_who_are_seen_at_once_are_never_one() -> None:
    told, both = film({0: ANNA, 1: ANNA + 0.01}, at_once=True)
    tell([both])
    assert told.one_with == {}


def test_whoever_is_not_known_is_nobody_else() -> None:
    told = Told({0: np.array([[ANNA]], np.float32)})
    some = Film(told, timeline([0, 7]))
    tell([some])
    assert told.one_with == {} and told.embedding.keys() == {1}
    nobody = Film(Told(), timeline([0]))
    tell([nobody])
    tell([])
    assert nobody.faces == []


def test_too_many_films_are_told_each_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MOST_COMPARED", 3)
    (first, one), (_, other) = film({3: ANNA, 5: POOR}), film({0: BEN - 0.05, 1: POOR + 0.1})
    tell([one, other])
    assert first.one_with == {2: 1}


def test_people_who_are_joined_leave_no_gap_in_the_numbers() -> None:
    found = with_persons(timeline([0, 1, 2]), {1: 4, 2: 4, 3: 9}, {9: "Ben"})
    assert [set(found.face_id[found.person == n].tolist()) for n in (4, 9)] == [{1}, {2}]
    assert dict(found.names) == {2: "Ben"}
