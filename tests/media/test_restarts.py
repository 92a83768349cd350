"""Recordings joined end to end: every frame once, in order, at times that go on."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import Limits
from fer_batch.media.restarts import EndToEnd
from fer_batch.media.source import open_source, probe
from tests.footage import pictures, videos
from tests.footage.videos import Recipe

TICK = Fraction(1, 1000)
LENGTH = 60  # frames of a recording, 2.4 s
STEPS = st.lists(st.integers(1, 200), min_size=1, max_size=30)


@given(st.lists(st.tuples(st.integers(0, 10**6), STEPS), min_size=1, max_size=5))
def test_each_recording_keeps_its_steps_and_none_falls_back(
    recordings: list[tuple[int, list[int]]],
) -> None:
    clock, last, end, restarts = EndToEnd(TICK), 0, 0, 0
    for start, steps in recordings:
        times = list(accumulate(steps[:-1], initial=start))
        placed = [clock.place(time, step) for time, step in zip(times, steps, strict=True)]
        assert np.diff(placed).tolist() == steps[:-1]
        assert not last or placed[0] >= last
        if clock.restarts > restarts:
            assert placed[0] == end
        restarts, last, end = clock.restarts, placed[-1], max(end, placed[-1] + steps[-1])
    assert restarts < len(recordings)


def test_a_recording_that_starts_again_begins_where_the_last_one_ended() -> None:
    clock = EndToEnd(TICK)
    times = [*range(5000, 8000, 40), *range(5000, 8000, 40), *range(0, 2000, 40)]
    assert [clock.place(t, 40) for t in times] == list(range(5000, 5000 + 40 * len(times), 40))
    assert clock.restarts == 2


@given(st.permutations(range(12)))
def test_what_is_only_out_of_order_stays_where_it_is(order: list[int]) -> None:
    clock = EndToEnd(TICK, 0.5)
    assert [clock.place(40 * i, 40) for i in order] == [40 * i for i in order]
    assert clock.restarts == 0


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three recordings whose pictures are numbered through."""
    folder = tmp_path_factory.mktemp("recordings")
    for name, start in (("a", 0), ("b", LENGTH), ("c", 2 * LENGTH)):
        frames = [pictures.numbered(i) for i in range(start, start + LENGTH)]
        recipe = Recipe(b_frames=2, sound=True)
        videos.write(folder / f"{name}.ts", frames, recipe)
    return folder


@pytest.mark.parametrize("shift", [0.0, 0.013, 0.75])
def test_every_frame_is_there_once_and_in_order(
    shift: float, recordings: Path, tmp_path: Path
) -> None:
    """With a small ``shift`` no two frames share a time: sorted by it they would lie between each
    other. With the large one the second begins 0.3 s before the end of the first."""
    later = videos.started_at(tmp_path / "later.ts", recordings / "b.ts", shift)
    path = videos.end_to_end(tmp_path / "all.ts", recordings / "a.ts", later, recordings / "c.ts")
    info = probe(path, "all", 25.0, Limits())
    assert len(info) == 3 * LENGTH and not info.seekable
    (warning,) = info.warnings
    assert "start again 2 times" in warning
    steps = np.diff(info.pts) * float(info.time_base)
    assert steps == pytest.approx(0.04, abs=0.002)
    source = open_source(info, Limits())
    for start, stop in ((0, 3 * LENGTH), (LENGTH - 5, 2 * LENGTH + 5)):
        numbers = [pictures.number_of(f.luma) for f in source.frames(start, stop)]
        assert numbers == list(range(start, stop))


def test_one_recording_is_as_it_was(recordings: Path) -> None:
    info = probe(recordings / "a.ts", "a", 25.0, Limits())
    assert len(info) == LENGTH and info.seekable and info.warnings == ()
