"""The rows of each track."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.groups import by_track


@given(st.lists(st.integers(-3, 5)))
def test_each_row_once_numbers_and_rows_rising(numbers: list[int]) -> None:
    groups = [(number, rows.tolist()) for number, rows in by_track(np.array(numbers, np.int64))]
    assert [number for number, _ in groups] == sorted(set(numbers))
    for number, rows in groups:
        assert rows == [i for i, n in enumerate(numbers) if n == number]
