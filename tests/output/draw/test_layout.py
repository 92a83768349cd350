from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import RenderSettings
from fer_batch.output.draw.layout import Rect, Taken, choose, inside
from fer_batch.output.draw.marks import Marks
from fer_batch.output.draw.overlay import Overlay

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
    assert choose(options, Taken(640, 360).hides, (640, 360)) == (options[0], 0)
    assert choose(options, Taken(640, 360, [Rect(0, 0, 50, 50)]).hides, (640, 360)) == (
        options[1],
        0,
    )
    assert choose(options, Taken(640, 360, [Rect(0, 0, 150, 50)]).hides, (640, 360)) == (
        options[2],
        0,
    )


def test_where_all_is_taken_the_least_hidden_wins() -> None:
    options = [Rect(0, 0, 20, 20), Rect(100, 0, 20, 20)]
    place, hidden = choose(
        options, Taken(640, 360, [Rect(0, 0, 20, 20), Rect(110, 0, 20, 20)]).hides, (640, 360)
    )
    assert (place, hidden) == (options[1], 0.5)


side = st.integers(1, 90)
placed = st.builds(Rect, st.integers(0, 310), st.integers(0, 230), side, side)


@given(st.lists(placed, max_size=90), placed)
def test_taken_sums_what_each_rectangle_covers(every: list[Rect], place: Rect) -> None:
    assert Taken(400, 320, every).hides(place) == sum(place.overlap(other) for other in every)


def test_a_crowd_costs_as_much_a_face_as_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: each place is weighed against all others in one step."""
    weighed: list[Rect] = []
    hides = Taken.hides

    def counted(self: Taken, p: Any) -> Any:
        weighed.append(p)
        return hides(self, p)

    monkeypatch.setattr(Taken, "hides", counted)
    marks = Marks(("happy", "sad"), 1920, 1080)
    overlay = Overlay(marks.labels, 1920, 1080, RenderSettings(), marks=marks)
    for count in (20, 400):
        weighed.clear()
        chance = np.random.default_rng(1)
        boxes = chance.uniform(0, 1000, (count, 4)).astype(np.float32)
        boxes[:, 2:] = 46
        image = np.full((1620, 1920), 100, np.uint8)
        even = np.full((count, 2), 0.5, np.float32)
        overlay.draw(image, boxes, np.arange(count), even)
        assert len(weighed) <= 9 * count
    # What was made for this crowd serves its next frame.
    made = marks.plate.cache_info().misses
    overlay.draw(image, boxes, np.arange(count), even)
    assert marks.plate.cache_info().misses == made >= count
