"""One picture a second, time-lapse, `--every`: as the same pictures at 25 a second."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.i420 import planes
from fer_batch.pipeline.draw import Drawer
from fer_batch.pipeline.grid import analyze_segment
from fer_batch.pipeline.plan import plan
from fer_batch.pipeline.progress import Timings
from fer_batch.pipeline.skipped import stand_ins
from fer_batch.pipeline.timeline import build_timeline
from fer_batch.types import FrameStatus, Timeline
from tests.pipeline.stand_ins import LABELS, Painted, PaintedSource, Shades, nobody_known

SHOWN = {7, 8, 13, 14, 19, 20}
GHOSTS = {0, 6, 12, 18}


def timeline_of(shown: set[int], every: int = 1, fps: int = 1, confidence: float = 0.9) -> Timeline:
    """Of 30 seconds, with a face in those that are ``shown``; ``fps`` pictures a second."""
    places = [[40] if i // fps in shown else [] for i in range(30 * fps)]
    source = PaintedSource(places)
    source.info = replace(source.info, time_base=Fraction(1, fps))
    settings = AnalyzeSettings(every=every)

    class Unsure(Painted):
        def detect(self, frame):  # type: ignore[no-untyped-def]
            found = super().detect(frame)
            found.confidence[:] = confidence
            return found

    shards = [
        analyze_segment(source, segment, settings, Unsure(), Shades(), Timings())
        for segment in plan(source.info, settings, 100)
    ]
    return build_timeline(source.info, shards, LABELS, settings, nobody_known)


def seconds(timeline: Timeline) -> set[int]:
    """The seconds in which a face stands."""
    return set(np.floor(timeline.time_s[timeline.frame] + 1e-6).astype(int).tolist())


@pytest.mark.parametrize(("fps", "every"), [(1, 1), (25, 1), (25, 25), (5, 5), (10, 5)])
@pytest.mark.parametrize("shown", [SHOWN, GHOSTS])
def test_faces_are_where_they_are_shown(shown: set[int], fps: int, every: int) -> None:
    assert seconds(timeline_of(shown, every, fps)) == shown


@pytest.mark.parametrize(("fps", "every"), [(1, 1), (25, 25)])
def test_a_face_in_one_of_few_pictures_is_no_ghost(fps: int, every: int) -> None:
    assert seconds(timeline_of({3}, every, fps, confidence=0.65)) == {3}


@pytest.mark.parametrize("blur", [("all",), ("others",), ("1",)])
@pytest.mark.parametrize(("every", "held"), [(25, True), (2, False)])
def test_blurred_films_show_no_picture_that_nobody_looked_at(
    every: int, held: bool, blur: tuple[str, ...]
) -> None:
    """A face comes and goes between two analysed pictures."""
    timeline = timeline_of(SHOWN, every, 25)
    places = [[40] if i % 25 in range(5, 20) else [] for i in range(len(timeline))]
    source = PaintedSource(places)
    drawer = Drawer(source.info, timeline, RenderSettings(blur=blur), Timings())
    for frame in source.frames(0, 60):
        before = frame.luma.copy()
        picture = planes(drawer.draw(frame)).luma
        skipped = timeline.status[frame.index] == FrameStatus.SKIPPED
        if held:
            assert (picture[:, 40:56] < 200).all(), frame.index
        elif skipped:
            assert (picture == before).mean() > 0.5


def test_what_a_gif_needs_beside_its_own_frames() -> None:
    timeline = timeline_of(SHOWN, 25, 25)
    assert stand_ins(timeline, {30, 60}) == {25, 50}
    assert stand_ins(timeline, {25}) == {25}
