"""The GIF shows the moments as they are in the annotated video, and nothing where there is none."""

from __future__ import annotations

import weakref
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_batch.errors import Cancelled
from fer_batch.media import planes
from fer_batch.output.moments import pick_moments, sample_frames
from fer_batch.output.reel import small
from fer_batch.pipeline.draw import Drawer
from fer_batch.pipeline.preview import preview
from fer_batch.pipeline.progress import Timings
from fer_batch.types import Image
from tests.pipeline.test_render import QUICK, Work, frames_of, works

__all__ = ["works"]


def drawn(work: Work) -> dict[int, Image]:
    """All annotated pictures of a source, small, drawn in one go."""
    source, timeline = work
    drawer = Drawer(source.info, timeline, QUICK, Timings())
    frames = source.frames(0, len(source.info))
    return {f.index: planes.to_rgb(small(drawer.draw(f))) for f in frames}


@pytest.mark.parametrize("kind", ["clip", "damaged", "shots", "nobody"])
def test_it_shows_the_moments(kind: str, works: dict[str, Work], tmp_path: Path) -> None:
    source, timeline = works[kind]
    path = tmp_path / "preview.gif"
    preview(source, timeline, QUICK, path, Timings())
    everything = drawn(works[kind])
    moments = pick_moments(timeline, QUICK)
    wanted = [i for moment in moments for i in sample_frames(timeline, moment)]
    # FFmpeg leaves a picture out that does not differ from the one before.
    shown = frames_of(path)
    assert 1 <= len(shown) <= len(wanted)
    if len(shown) == len(wanted):
        for index, picture in zip(wanted, shown, strict=True):
            expected = everything[index][..., ::-1].astype(int)
            assert picture.shape == expected.shape
            assert np.abs(picture - expected).mean() < 8
    else:
        assert kind == "nobody"


def test_a_range_without_a_frame_gives_no_file(works: dict[str, Work], tmp_path: Path) -> None:
    late = replace(QUICK, gif_range=(1000.0, 1001.0))
    preview(*works["clip"], late, tmp_path / "preview.gif", Timings())
    assert list(tmp_path.iterdir()) == []


def test_a_wish_to_stop_leaves_nothing(works: dict[str, Work], tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        preview(*works["clip"], QUICK, tmp_path / "p.gif", Timings(), should_cancel=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_pictures_have_colours_one_at_a_time(
    works: dict[str, Work], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All others wait as planes, which take half as much memory."""
    make, alive, most = planes.to_rgb, Counter[str](), 0

    def counted(*image: Any, **how: Any) -> Image:
        nonlocal most
        made = make(*image, **how)
        alive["pictures"] += 1
        weakref.finalize(made, alive.subtract, ["pictures"])
        most = max(most, alive["pictures"])
        return made

    monkeypatch.setattr(planes, "to_rgb", counted)
    preview(*works["clip"], QUICK, tmp_path / "preview.gif", Timings())
    assert len(frames_of(tmp_path / "preview.gif")) > 3
    assert most <= 3
