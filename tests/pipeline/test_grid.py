"""One segment or many: the same faces, bit for bit; and a clean end whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, Limits
from fer_batch.errors import Cancelled
from fer_batch.faces.detector import open_detector
from fer_batch.media.source import FrameSource, open_source, probe
from fer_batch.pipeline.grid import analyze_segment
from fer_batch.pipeline.progress import FRAMES_BETWEEN_CHECKS, Timings
from fer_batch.pipeline.timeline import build_timeline, merge
from fer_batch.types import Detections, Faces, Frame, FrameStatus, Segment
from tests.footage import broken, images, pictures, videos
from tests.footage.videos import Recipe
from tests.pipeline.stand_ins import (
    LABELS,
    Counting,
    Painted,
    PaintedSource,
    Shades,
    analyzed,
    known_people,
    same_faces,
    same_timelines,
)

FRAMES = 50


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two people in containers whose cuts fall on awkward places."""
    folder = tmp_path_factory.mktemp("clips_of_tests")
    faces = pictures.two_faces(FRAMES)
    jitter = tuple(i * 40 + i * i % 17 for i in range(FRAMES))
    made = {
        "b-frames.mp4": videos.write(folder / "b.mp4", faces, Recipe(b_frames=3, gop=17)),
        "rate.mkv": videos.write(
            folder / "rate.mkv", faces, Recipe(pts=jitter, time_base=Fraction(1, 1000), b_frames=2)
        ),
        "hevc.mkv": videos.write(folder / "hevc.mkv", faces, Recipe(codec="hevc", gop=20)),
        "still.mp4": videos.write(folder / "still.mp4", [faces[0]] * 41),
    }
    whole = made["b-frames.mp4"].with_suffix(".mkv")
    videos.write(whole, faces, Recipe(gop=17))
    made["damaged.mkv"] = broken.damaged(folder / "damaged.mkv", whole, 21)
    made["shots"] = images.folder(folder / "shots", faces[:14])
    (made["shots"] / "face 5.jpeg").write_bytes(b"no picture")
    return made


def opened(path: Path) -> FrameSource:
    return open_source(probe(path, path.stem, 25.0, Limits()), Limits(), threads=1)


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("kind", ["b-frames.mp4", "rate.mkv", "hevc.mkv", "damaged.mkv", "shots"])
def test_one_segment_equals_many(kind: str, every: int, clips: dict[str, Path]) -> None:
    source, settings = opened(clips[kind]), AnalyzeSettings(every=every, grid=4)
    total = len(source.info)
    whole, cut = analyzed(source, settings, 10**6), analyzed(source, settings, 8)
    assert len(whole) == 1 and len(cut) >= 2
    assert len(whole[0].frame) > total / every
    assert same_faces(merge(cut, total), whole[0])
    one, many = (
        build_timeline(source.info, s, LABELS, settings, known_people) for s in (whole, cut)
    )
    assert same_timelines(one, many)


def test_the_damaged_frame_and_only_it_is_lost(clips: dict[str, Path]) -> None:
    for kind, lost in (("damaged.mkv", {20, 21, 22}), ("shots", {4})):
        source = opened(clips[kind])
        (faces,) = analyzed(source, AnalyzeSettings(), 10**6)
        errors = set(np.flatnonzero(faces.status == FrameStatus.DECODE_ERROR).tolist())
        assert errors and errors <= lost
        assert not errors & set(faces.frame.tolist())


def test_every_third_frame_is_analysed_and_the_others_are_skipped(clips: dict[str, Path]) -> None:
    source = opened(clips["b-frames.mp4"])
    (faces,) = analyzed(source, AnalyzeSettings(every=3), 10**6)
    skipped = faces.status == FrameStatus.SKIPPED
    assert np.flatnonzero(~skipped).tolist() == list(range(0, FRAMES, 3))
    assert set(faces.frame.tolist()) == set(range(0, FRAMES, 3))


def test_every_frame_is_cropped_from_its_own_pixels(clips: dict[str, Path]) -> None:
    """Also where its box was filled in: no two frames look quite the same."""
    source = opened(clips["b-frames.mp4"])
    (faces,) = analyzed(source, AnalyzeSettings(grid=5), 10**6)
    left = faces.appearance[faces.box[:, 0] < 130]
    assert len(left) == FRAMES == len(np.unique(left, axis=0))


@pytest.mark.parametrize("grid", [1, 2, 4, 5])
def test_a_still_clip_is_looked_at_on_the_grid_alone(grid: int, clips: dict[str, Path]) -> None:
    source, settings = opened(clips["still.mp4"]), AnalyzeSettings(grid=grid)
    detector = Counting(open_detector("yunet"))
    faces = analyze_segment(source, Segment(0, 0, 41), settings, detector, Shades(), Timings())
    assert sorted(detector.seen) == list(range(0, 41, grid))
    assert set(detector.seen.values()) == {1}
    assert len(faces.frame) == 2 * 41


def test_a_segment_looks_one_grid_frame_past_its_end(clips: dict[str, Path]) -> None:
    source, settings = opened(clips["still.mp4"]), AnalyzeSettings(grid=4)
    detector = Counting(open_detector("yunet"))
    faces = analyze_segment(source, Segment(1, 8, 16), settings, detector, Shades(), Timings())
    assert sorted(detector.seen) == [8, 12, 16]
    assert (faces.start, faces.stop) == (8, 16)
    assert set(faces.frame.tolist()) == set(range(8, 16))


def painted(source: PaintedSource, **changes: object) -> Faces:
    options: dict[str, object] = {
        "source": source,
        "segment": Segment(0, 0, len(source.info)),
        "settings": AnalyzeSettings(),
        "detector": Painted(),
        "classifier": Shades(),
        "timings": Timings(),
    }
    return analyze_segment(**(options | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("faces", [0, 1, 7, 8, 9, 64, 101])
def test_crops_are_classified_in_whole_batches(faces: int, concurrency: int) -> None:
    classifier = Shades(batch_size=8, concurrency=concurrency)
    source = PaintedSource([[(7 * i) % 100] for i in range(faces)] + [[]] * 5)
    found = painted(source, classifier=classifier)
    assert sum(classifier.asked) == len(found.frame) == faces
    assert sum(n % 8 > 0 for n in classifier.asked) == (faces % 8 > 0)
    alone = painted(source, classifier=Shades(batch_size=1))
    assert same_faces(alone, found)


def test_a_segment_without_a_face() -> None:
    found = painted(PaintedSource([[]] * 9))
    assert found.probabilities.shape == (0, 3) and found.appearance.shape == (0, 144)
    assert (found.status == FrameStatus.NO_FACE).all()


@pytest.mark.parametrize("every", [1, 4])
def test_progress_adds_up_to_the_segment(every: int) -> None:
    reported: list[int] = []
    source = PaintedSource([[0]] * 203)
    painted(source, settings=AnalyzeSettings(every=every), report=reported.append)
    assert sum(reported) == 203 and len(reported) > 3


def test_times_of_stages_are_counted() -> None:
    timings = Timings()
    painted(PaintedSource([[0]] * 20), timings=timings)
    assert {"decode", "detect", "crop", "classify"} <= set(timings.seconds)


def test_a_wish_to_stop_ends_all_threads_soon() -> None:
    source, before = PaintedSource([[0]] * 5000), set(threading.enumerate())
    with pytest.raises(Cancelled):
        painted(source, should_cancel=lambda: True)
    assert set(threading.enumerate()) == before
    # As far as the queues between stages reach, not to the end.
    assert len(source.read) < FRAMES_BETWEEN_CHECKS + 60


class Broken(Exception):
    """What a stage may raise that nobody has thought of."""


def failing(after: int) -> Callable[[], None]:
    calls = iter(range(10**6))

    def step() -> None:
        if next(calls) >= after:
            raise Broken

    return step


@pytest.mark.parametrize("stage", ["decode", "detect", "classify", "report"])
def test_an_error_in_any_stage_comes_through_and_ends_the_others(stage: str) -> None:
    fail = failing(after=9)

    class Source(PaintedSource):
        def frames(self, start: int, stop: int):  # type: ignore[no-untyped-def]
            for frame in super().frames(start, stop):
                fail()
                yield frame

    class Detector(Painted):
        def detect(self, frame: Frame) -> Detections:
            fail()
            return super().detect(frame)

    class Classifier(Shades):
        def classify(self, crops: np.ndarray) -> np.ndarray:
            fail()
            return super().classify(crops)

    places: list[list[int] | None] = [[0, 60]] * 2000
    source = Source(places) if stage == "decode" else PaintedSource(places)
    ways: dict[str, dict[str, Any]] = {
        "detect": {"detector": Detector()},
        "classify": {"classifier": Classifier()},
        "report": {"report": lambda frames: fail()},
    }
    changes = ways.get(stage, {})
    before = set(threading.enumerate())
    with pytest.raises(Broken):
        painted(source, **changes)
    assert set(threading.enumerate()) == before
    assert len(source.read) < 1000
