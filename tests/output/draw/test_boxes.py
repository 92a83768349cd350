from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.i420 import planes
from fer_batch.output.draw import boxes as drawn
from fer_batch.output.draw.boxes import Boxes
from fer_batch.output.draw.layout import Rect

WIDTH, HEIGHT = 160, 120
TINT = (200, 60, 170)


def scene() -> np.ndarray:
    chance = np.random.default_rng(3)
    return chance.integers(16, 236, (HEIGHT * 3 // 2, WIDTH), dtype=np.uint8)


@st.composite
def inside(draw: st.DrawFn) -> Rect:
    w, h = draw(st.integers(2, 90)), draw(st.integers(2, 90))
    return Rect(draw(st.integers(0, WIDTH - w)), draw(st.integers(0, HEIGHT - h)), w, h)


@settings(max_examples=60)
@given(inside(), st.booleans(), st.sampled_from([2, 4, 12]))
def test_a_box_that_is_kept_looks_like_its_strokes(rect: Rect, thin: bool, line: int) -> None:
    """Only smoothed edges differ, by what rounding twice gives; colours lie on the same samples."""
    kept, stroked = scene(), scene()
    Boxes(line, 30).put(planes(kept), rect, TINT, thin)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawn, "SMALL_AREA", 0)
        Boxes(line, 30).put(planes(stroked), rect, TINT, thin)
    difference = np.abs(kept.astype(int) - stroked)
    assert difference[:HEIGHT].max() <= 8
    assert difference[HEIGHT:].max() == 0


def test_sizes_that_were_seen_are_not_stroked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: what makes a crowd cheap."""
    strokes: list[drawn.Lines] = []
    luma = drawn.stroke_luma

    def counted(plane: Any, lines: drawn.Lines, *more: Any) -> Any:
        strokes.append(lines)
        return luma(plane, lines, *more)

    monkeypatch.setattr(drawn, "stroke_luma", counted)
    boxes, picture = Boxes(4, 30), planes(scene())
    for x in range(40):
        boxes.put(picture, Rect(x, x, 30, 40), (100 + x, 60, 170), thin=False)
    assert len(strokes) == 2
    boxes.put(picture, Rect(0, 0, 31, 40), TINT, thin=False)
    assert len(strokes) == 4
