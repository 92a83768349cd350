"""What a video's one decoding tells: rising times, the size that counts."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fer_batch.media.counted import finer, lasting_size

ticks = st.lists(st.integers(-1000, 10**9), min_size=1, max_size=50).map(sorted)
sizes = st.dictionaries(
    st.tuples(st.integers(2, 4000), st.integers(2, 4000)), st.integers(1, 1000), min_size=1
)


@given(ticks)
def test_times_rise_and_none_moves_by_more_than_a_gap(pts: list[int]) -> None:
    spread, scale = finer(pts)
    assert len(spread) == len(pts)
    assert all(a < b for a, b in pairwise(spread))
    assert len(set(pts)) < len(pts) or (spread, scale) == (pts, 1)
    for before, after in zip(pts, spread, strict=True):
        assert after >= before * scale
    # Each frame lies before the next tick that differs.
    for (a, after), (b, _) in pairwise(zip(pts, spread, strict=True)):
        assert a == b or after < b * scale


@given(sizes)
def test_the_size_that_counts_lasts_or_none_does(found: dict[tuple[int, int], int]) -> None:
    chosen = lasting_size(Counter(found))
    total = sum(found.values())
    lasting = [size for size, often in found.items() if often * 10 >= total]
    assert chosen in (lasting or found)
    assert all(w * h <= chosen[0] * chosen[1] for w, h in lasting)
