"""A clock of 33 bits that begins anew in a recording: frames and times go on."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import AnalyzeSettings, Limits
from fer_batch.media.overflow import CLOSE, PERIOD, TICK, Overflow
from fer_batch.media.source import open_source, probe
from tests.footage import pictures, videos
from tests.footage.oracle import ffmpeg
from tests.footage.videos import Recipe
from tests.media.test_in_step import AAC, APART_S, B_FRAMES, annotated, onsets, scene

FRAMES = 75
STREAM = SimpleNamespace(time_base=TICK)
MP2 = ("-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2", "-f", "vob")
__all__ = ["scene"]


def clock(name: str = "mpegts", near: int | None = None, tick: Fraction = TICK) -> Overflow:
    container = SimpleNamespace(format=SimpleNamespace(name=name))
    return Overflow(container, SimpleNamespace(time_base=tick), near)


@given(
    st.integers(0, PERIOD - 1),
    st.lists(st.integers(-3 * CLOSE // 4, CLOSE), min_size=1, max_size=40),
)
def test_times_go_on_where_the_clock_begins_anew(start: int, steps: list[int]) -> None:
    one = clock()
    wanted = [start, *(start + sum(steps[: i + 1]) for i in range(len(steps)))]
    assert [one.whole(time % PERIOD) for time in wanted] == wanted
    assert one.seen == any(not 0 <= time < PERIOD for time in wanted)


@given(st.lists(st.integers(0, PERIOD - 1), min_size=1, max_size=20))
def test_what_is_further_away_is_another_recording(times: list[int]) -> None:
    """Each is read as it stands, unless it follows within a minute."""
    one, last = clock(), times[0]
    for time in times:
        found = one.whole(time)
        assert found % PERIOD == time
        if not one.seen:
            assert found == time
        last = found
    assert last % PERIOD == times[-1]


def test_sound_is_counted_as_the_pictures_are() -> None:
    assert clock(near=PERIOD - 90).whole(900) == PERIOD + 900
    assert clock(near=900).whole(PERIOD - 90) == -90


@pytest.mark.parametrize("other", [clock("matroska,webm"), clock(tick=Fraction(1, 1000))])
def test_other_clocks_are_longer(other: Overflow) -> None:
    assert [other.whole(time) for time in (PERIOD - 1, 0)] == [PERIOD - 1, 0]


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("after_s", [0.0, 1.0, 1.04, 1.5])
def test_every_frame_is_there_at_its_time(b_frames: int, after_s: float, tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    plain = videos.write(tmp_path / "plain.mkv", frames, Recipe(b_frames=b_frames))
    start = float(PERIOD * TICK) - after_s - 1.4  # FFmpeg begins at 1.4 s
    path = videos.started_at(tmp_path / "late.ts", plain, start)
    info = probe(path, "late", 25.0, Limits())
    assert info.warnings == () and len(info) == FRAMES
    assert np.diff(info.pts) * float(info.time_base) == pytest.approx(0.04, abs=0.001)
    source = open_source(info, Limits())
    for begin, stop in ((0, FRAMES), (30, 50)):
        numbers = [pictures.number_of(f.luma) for f in source.frames(begin, stop)]
        assert numbers == list(range(begin, stop))


@pytest.mark.parametrize("options", [B_FRAMES + AAC, MP2], ids=["x.ts", "x.mpg"])
@pytest.mark.parametrize("after_s", [0.0, 0.45, 1.2])
def test_sound_stays_in_step(
    options: tuple[str, ...], after_s: float, scene: Path, tmp_path: Path
) -> None:
    suffix = ".mpg" if options is MP2 else ".ts"
    plain, late = tmp_path / f"plain{suffix}", tmp_path / f"late{suffix}"
    ffmpeg("-i", scene, *options, plain)
    offset = float(PERIOD * TICK) - after_s - (0.5 if options is MP2 else 1.4)
    ffmpeg("-i", scene, *options, "-output_ts_offset", f"{offset}", late)
    # FFmpeg's own correction is not relied on: the same without the offset says what is right.
    given = [beep - flash for flash, beep in zip(*onsets(plain), strict=True)]
    white, loud = onsets(annotated(late, tmp_path / "annotated.mp4", AnalyzeSettings()))
    assert len(given) == len(white) == len(loud) == 2
    for before, flash, beep in zip(given, white, loud, strict=True):
        assert abs(beep - flash - before) <= APART_S, (given, white, loud)
