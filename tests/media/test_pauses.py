"""A film that shows nothing new for long is told of: one picture counts for all that time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.media.pauses import long_pauses
from fer_batch.media.source import probe
from tests.footage import pictures, videos
from tests.footage.videos import Recipe

TICK = Fraction(1, 1000)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_one_line_says_when_and_for_how_long(name: str, tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(30)]
    pts = tuple(i + 25 * 3600 * (i > 12) + 25 * 60 * (i > 20) for i in range(30))
    path = videos.write(tmp_path / name, frames, Recipe(pts=pts))
    info = probe(path, "a", 25.0, Limits())
    assert info.warnings == (
        "no picture comes for 3600 s after 0.48 s (1 pause more over 30 s); "
        "the one before counts for that long",
    )
    assert len(info) == 30


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([40] * 30, id="usual"),
        pytest.param([], id="one picture"),
        pytest.param([60_000] * 5, id="time-lapse"),
        pytest.param([60_000] * 5 + [600_000], id="time-lapse with lost pictures"),
        pytest.param([40] * 30 + [30_000] + [40] * 9, id="a screen that stands still"),
    ],
)
def test_what_is_usual_is_not_said(steps: list[int]) -> None:
    assert long_pauses(np.cumsum([5000, *steps]), TICK) == []
