from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fer_batch.output.draw.layout import Rect, choose, inside

whole = st.integers(-500, 900)
rects = st.builds(Rect, whole, whole, st.integers(1, 300), st.integers(1, 300))


@given(rects, rects)
def test_overlap_is_the_count_of_shared_pixels(a: Rect, b: Rect) -> None:
    columns = set(range(a.x, a.x + a.w)) & set(range(b.x, b.x + b.w))
    rows = set(range(a.y, a.y + a.h)) & set(range(b.y, b.y + b.h))
    assert a.overlap(b) == b.overlap(a) == len(columns) * len(rows)


@given(rects, st.sampled_from([(640, 360), (320, 240)]))
def test_what_fits_is_moved_inside_at_even_places(rect: Rect, size: tuple[int, int]) -> None:
    place = inside(rect, *size, margin=2)
    assert (place.w, place.h) == (rect.w, rect.h)
    assert place.x % 2 == place.y % 2 == 0
    assert min(place.x, place.y) >= 0
    if rect.w <= size[0] - 4 and rect.h <= size[1] - 4:
        assert place.x + place.w <= size[0]
        assert place.y + place.h <= size[1]


def test_the_first_free_option_wins() -> None:
    options = [Rect(10, 10, 20, 20), Rect(100, 10, 20, 20), Rect(200, 10, 20, 20)]
    assert choose(options, [], (640, 360)) == (options[0], 0)
    assert choose(options, [Rect(0, 0, 50, 50)], (640, 360)) == (options[1], 0)
    assert choose(options, [Rect(0, 0, 150, 50)], (640, 360)) == (options[2], 0)


def test_where_all_is_taken_the_least_hidden_wins() -> None:
    options = [Rect(0, 0, 20, 20), Rect(100, 0, 20, 20)]
    place, hidden = choose(options, [Rect(0, 0, 20, 20), Rect(110, 0, 20, 20)], (640, 360))
    assert (place, hidden) == (options[1], 0.5)
