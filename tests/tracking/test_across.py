"""People of several inputs: one number for one person, and whoever has one keeps it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.tracking.across import NEW, people_across
from tests.tracking.test_people import person

# Who appears in each input.
batches = st.lists(st.sets(st.integers(0, 7), min_size=1, max_size=5).map(sorted), max_size=5)
quick = settings(max_examples=40)


def gathered(inputs: list[list[int]]) -> tuple[list[np.ndarray], np.ndarray, list[int]]:
    """Embeddings and owners of all people, and who they are."""
    who = [p for people in inputs for p in people]
    owner = np.repeat(np.arange(len(inputs)), [len(people) for people in inputs]).astype(np.int64)
    points = [person(p, i)[None] for i, p in enumerate(who)]
    return points, owner, who


@quick
@given(batches)
def test_one_person_has_one_number_in_all_inputs(inputs: list[list[int]]) -> None:
    points, owner, who = gathered(inputs)
    found = people_across(points, owner, np.full(len(who), NEW, np.int64)).tolist()
    assert len(set(zip(who, found, strict=True))) == len(set(who)) == len(set(found))
    # In order of appearance, from 1.
    assert list(dict.fromkeys(found)) == list(range(1, len(set(who)) + 1))


@quick
@given(batches, st.sets(st.integers(0, 7), min_size=1).map(sorted), st.integers(0, 5))
def test_an_input_that_is_added_renames_nobody(
    inputs: list[list[int]], added: list[int], place: int
) -> None:
    points, owner, who = gathered(inputs)
    before = people_across(points, owner, np.full(len(who), NEW, np.int64))
    where = min(place, len(inputs))
    more = [*inputs[:where], added, *inputs[where:]]
    points, owner, who = gathered(more)
    number = np.full(len(who), NEW, np.int64)
    number[owner != where] = before
    after = people_across(points, owner, number)
    assert np.array_equal(after[owner != where], before)
    assert len(set(zip(who, after.tolist(), strict=True))) == len(set(who))


@quick
@given(st.integers(2, 6))
def test_two_of_one_input_are_never_one(count: int) -> None:
    points = [person(0, i)[None] for i in range(2 * count)]
    owner = np.repeat([0, 1], count).astype(np.int64)
    found = people_across(points, owner, np.full(2 * count, NEW, np.int64))
    assert len(set(found[:count].tolist())) == len(set(found[count:].tolist())) == count
    known = np.concatenate([found[:count], np.full(count, NEW, np.int64)])
    assert len(set(people_across(points, owner, known)[count:].tolist())) == count


def test_numbers_in_use_are_not_given_again() -> None:
    points = [person(p, p)[None] for p in range(3)]
    owner = np.arange(3).astype(np.int64)
    number = np.array([NEW, 7, NEW], np.int64)
    assert people_across(points, owner, number, first=5).tolist() == [8, 7, 9]
    assert people_across(points[:1], owner[:1], number[:1], first=5).tolist() == [5]


def strangers(inputs: int, sights: int, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """Of 6 people who look alike, each in some inputs: embeddings, and who they are. Two sights of
    one are 0.5 apart, of two people 0.66; means of sights of two people only 0.48."""
    random = np.random.default_rng(seed)
    centre = random.normal(size=(6, 128))
    centre *= 0.43 / np.sqrt(2) / np.linalg.norm(centre, axis=1, keepdims=True)
    found = []
    for _ in range(inputs):
        for middle in centre:
            noise = random.normal(size=(sights, 128))
            noise *= 0.5 / np.sqrt(2) / np.linalg.norm(noise, axis=1, keepdims=True)
            found.append(middle + noise)
    return found, np.tile(np.arange(6), inputs)


@pytest.mark.parametrize("one_each", [False, True])
def test_strangers_of_many_inputs_stay_strangers(one_each: bool) -> None:
    """With people apart within an input alone, most errors could not show."""
    people, who = strangers(8, 12)
    owner = np.arange(len(people)) if one_each else np.repeat(np.arange(8), 6)
    number = np.full(len(people), NEW, np.int64)
    found = people_across(people, owner.astype(np.int64), number)
    assert len(set(zip(who.tolist(), found.tolist(), strict=True))) == len(set(found)) == 6
    if one_each:  # why sights are kept, and not means
        means = [sights.mean(axis=0, keepdims=True) for sights in people]
        assert len(set(people_across(means, owner.astype(np.int64), number))) < 6


def test_newcomers_join_those_who_look_alike_by_their_sights() -> None:
    people, who = strangers(4, 12)
    owner = np.arange(len(people)).astype(np.int64)
    number = np.where(np.arange(len(people)) < 6, np.arange(len(people)) + 1, NEW)
    found = people_across(people, owner, number)
    assert found.tolist() == (who + 1).tolist()
