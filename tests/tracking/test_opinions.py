"""What a second network adds to frames that it was not asked about."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.emotion.second import both_say
from fer_batch.tracking.opinions import spread
from fer_batch.types import FloatArray

LABELS = 3


def asked_at(rows: dict[int, float], count: int) -> FloatArray:
    """``float32[count, 3]``: NaN, but for ``rows``."""
    added = np.full((count, LABELS), np.nan, np.float32)
    for row, value in rows.items():
        added[row] = (value, 0, -value)
    return added


def spread_over(added: FloatArray, sight: list[int], person: list[int]) -> list[float]:
    """What is added to the first label of frames a second apart."""
    parts = (np.array(sight), np.array(person), np.arange(len(added), dtype=float))
    return spread(added, *parts)[:, 0].tolist()


def test_between_two_frames_lies_what_is_between_them_and_beyond_the_nearest() -> None:
    added = asked_at({1: 1.0, 3: 2.0}, 5)
    assert spread_over(added, [1] * 5, [1] * 5) == [1.0, 1.0, 1.5, 2.0, 2.0]


def test_nothing_is_carried_to_another_sight_that_was_asked_about() -> None:
    added = asked_at({0: 1.0, 3: 3.0}, 4)
    assert spread_over(added, [1, 1, 2, 2], [1] * 4) == [1.0, 1.0, 3.0, 3.0]


def test_a_sight_without_any_has_the_mean_of_the_person() -> None:
    added = asked_at({0: 1.0, 1: 2.0}, 4)
    assert spread_over(added, [1, 2, 3, 4], [1, 1, 1, 9])[:3] == [1.0, 2.0, 1.5]
    assert np.isnan(spread_over(added, [1, 2, 3, 4], [1, 1, 1, 9])[3])


@given(st.data())
def test_what_was_asked_stays_and_the_rest_lies_within_it(data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 30))
    numbers = st.lists(st.integers(1, 3), min_size=count, max_size=count)
    sight, person = np.array(data.draw(numbers), int), np.ones(count, int)
    time_s = np.array(data.draw(st.permutations(range(count))), float)
    rows = data.draw(st.dictionaries(st.integers(0, max(count - 1, 0)), st.floats(-5, 5)))
    added = asked_at({row: value for row, value in rows.items() if row < count}, count)
    whole = spread(added, sight, person, time_s)
    known = np.isfinite(added).all(axis=1)
    assert np.array_equal(whole[known], added[known])
    if known.any():
        least, most = added[known].min(axis=0), added[known].max(axis=0)
        assert (whole >= least - 1e-5).all() and (whole <= most + 1e-5).all()
    else:
        assert np.isnan(whole).all()
    order = np.random.default_rng(0).permutation(count)
    turned = spread(added[order], sight[order], person[order], time_s[order])
    assert np.allclose(turned, whole[order], atol=1e-5, equal_nan=True)


def test_what_is_said_of_a_face_does_not_depend_on_others() -> None:
    random = np.random.default_rng(1)
    said = random.dirichlet([0.4] * LABELS, 200).astype(np.float32)
    differ = random.normal(size=(200, LABELS)).astype(np.float32)
    whole = both_say(said, differ)
    assert np.allclose(whole.sum(axis=1), 1, atol=1e-6)
    for row in range(200):
        assert np.array_equal(both_say(said[row : row + 1], differ[row : row + 1])[0], whole[row])
