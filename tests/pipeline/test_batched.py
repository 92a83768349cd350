"""The batched analyzer, on the CPU: what the exact way finds, however its frames are cut up."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, Limits, RunSettings
from fer_batch.emotion.load import made_with, named
from fer_batch.emotion.models import find_model
from fer_batch.emotion.second import both_say
from fer_batch.errors import Cancelled, UsageError
from fer_batch.faces.interpolate import iou
from fer_batch.media.source import FrameSource, open_source, probe
from fer_batch.pipeline.batched import BatchedAnalyzer
from fer_batch.pipeline.build import Engine
from fer_batch.pipeline.grid import GridAnalyzer
from fer_batch.pipeline.native import OF_BACKENDS
from fer_batch.pipeline.plan import plan
from fer_batch.pipeline.progress import Timings
from fer_batch.pipeline.timeline import merge
from fer_batch.types import Faces, FrameStatus, Segment
from tests.footage import broken, images, pictures, videos
from tests.footage.videos import Recipe
from tests.pipeline.stand_ins import same_faces

pytest.importorskip("tensorflow")
SETTINGS = AnalyzeSettings(model="ferplus3", grid=1)
BATCHED = RunSettings(runtime="keras", device="cpu", analyzer="batched", frame_batch=4)
FRAMES = 18


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    kept = {name: os.environ.get(name) for name in OF_BACKENDS}
    yield Engine(BATCHED)
    for name, value in kept.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(scope="module")
def exact() -> Engine:
    return Engine(RunSettings(threads=1))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people, cut off half way by a picture without any."""
    folder = tmp_path_factory.mktemp("clip_of_tests")
    shown = [*pictures.two_faces(50)[: FRAMES - 3], *[pictures.numbered(3, 320, 180)] * 3]
    return videos.write(folder / "two.mkv", shown, Recipe(gop=6))


def opened(path: Path) -> FrameSource:
    return open_source(probe(path, path.stem, 25.0, Limits()), Limits(), threads=1)


def found(engine: Engine, source: FrameSource, settings: AnalyzeSettings = SETTINGS) -> Faces:
    whole = Segment(0, 0, len(source.info))
    return engine.analyzer(settings).analyze(source, whole, Timings())


def same_people(one: Faces, other: Faces, labels: float = 0.995) -> int:
    """How many faces were compared: all are in both, nearly at the same place, and look alike."""
    assert (one.status == other.status).all()
    assert len(one.frame) == len(other.frame)
    pairs: list[Any] = []
    for frame in np.unique(one.frame):
        here, there = np.flatnonzero(one.frame == frame), np.flatnonzero(other.frame == frame)
        overlap = iou(one.box[here], other.box[there])
        assert (overlap.max(axis=1) >= 0.95).all()
        pairs += zip(here, there[overlap.argmax(axis=1)], strict=True)
    first, second = np.array(pairs).T
    assert len(set(second.tolist())) == len(second)
    said = one.probabilities[first], other.probabilities[second]
    assert (said[0].argmax(axis=1) == said[1].argmax(axis=1)).mean() >= labels
    assert np.abs(said[0] - said[1]).max() < 0.05
    assert np.abs(one.landmarks[first] - other.landmarks[second]).max() < 0.5
    alike = (one.appearance[first].astype(float) * other.appearance[second]).sum(axis=1)
    assert alike.min() > 0.99
    assert np.abs(one.quality[first] - other.quality[second]).max() < 0.05
    return len(pairs)


def test_the_same_faces_as_the_exact_way(engine: Engine, exact: Engine, clip: Path) -> None:
    one, other = found(engine, opened(clip)), found(exact, opened(clip))
    assert same_people(one, other) == 2 * (FRAMES - 3)
    assert (one.status[-3:] == FrameStatus.NO_FACE).all()
    assert (one.glimpse == other.glimpse).all()
    assert one.views is not None and other.views is not None
    assert one.views.row.tolist() == other.views.row.tolist()


def test_large_and_small_faces_of_photos(engine: Engine, exact: Engine, tmp_path: Path) -> None:
    """Photos differ in size: each size is a batch; large faces are shrunk before cropping."""
    faces = pictures.two_faces(50)
    sizes = [(320, 180), *[(1600, 900)] * 2, (321, 241), (200, 400), *[(320, 180)] * 5]
    shown = [pictures.cover(face, *size) for face, size in zip(faces, sizes, strict=False)]
    folder = images.folder(tmp_path / "photos", shown)
    source = open_source(probe(folder, "photos", 25.0, Limits(), "photos"), Limits())
    assert same_people(found(engine, source), found(exact, source)) >= 12


def test_real_clips(engine: Engine, exact: Engine, real_clips: Path) -> None:
    compared = 0
    for name in ("one_face_640x360.mp4", "face_then_no_face_hevc.mov"):
        source = opened(real_clips / name)
        part = Segment(0, 0, 24)
        one, other = (
            e.analyzer(SETTINGS).analyze(source, part, Timings()) for e in (engine, exact)
        )
        compared += same_people(one, other)
    assert compared >= 24


@pytest.mark.parametrize("settings", [SETTINGS, replace(SETTINGS, every=3)], ids=["all", "third"])
def test_one_segment_equals_many(settings: AnalyzeSettings, engine: Engine, clip: Path) -> None:
    source, analyzer = opened(clip), engine.analyzer(settings)
    parts = plan(source.info, settings, 5)
    shards = [analyzer.analyze(source, part, Timings()) for part in parts]
    whole = found(engine, source, settings)
    assert len(shards) > 1 and same_faces(merge(shards, len(source.info)), whole)
    skipped = np.flatnonzero(whole.status == FrameStatus.SKIPPED)
    assert skipped.tolist() == [i for i in range(FRAMES) if i % settings.every]


def test_frames_that_cannot_be_decoded(engine: Engine, clip: Path, tmp_path: Path) -> None:
    faces = found(engine, opened(broken.damaged(tmp_path / "damaged.mkv", clip, 7)))
    lost = np.flatnonzero(faces.status == FrameStatus.DECODE_ERROR)
    assert len(lost) and not set(lost.tolist()) & set(faces.frame.tolist())
    assert len(faces.status) == FRAMES


def test_only_the_largest_where_that_is_asked_for(engine: Engine, clip: Path) -> None:
    both, one = (found(engine, opened(clip), replace(SETTINGS, max_faces=most)) for most in (0, 1))
    area = both.box[:, 2] * both.box[:, 3]
    largest = [area[both.frame == frame].max() for frame in one.frame]
    assert len(one.frame) == FRAMES - 3
    assert np.allclose(one.box[:, 2] * one.box[:, 3], largest)


class Full(Exception):
    """What a device says whose memory is full."""


Full.__name__ = "ResourceExhaustedError"


def test_a_full_device_gets_fewer_at_once_and_says_so(
    clip: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import keras

    whole, predict = found(engine, opened(clip)), keras.Model.predict_on_batch
    analyzer = Engine(BATCHED).analyzer(SETTINGS)

    def with_little_memory(self: Any, given: Any) -> Any:
        count = len(given[1] if isinstance(given, list) else given)
        if count > {"read": 8, "expressions": 4}.get(self.name, 2):
            raise Full("OOM when allocating tensor")
        return predict(self, given)

    monkeypatch.setattr(keras.Model, "predict_on_batch", with_little_memory)
    with caplog.at_level(logging.WARNING):
        source = opened(clip)
        less = analyzer.analyze(source, Segment(0, 0, FRAMES), Timings())
    assert same_people(less, whole, labels=1) == len(whole.frame)
    said = [record.getMessage() for record in caplog.records if "memory" in record.getMessage()]
    assert "2 frames of 320 x 180 pixels at once from now on, not 4" in said[0]
    faces = [" ".join(line.split()[5:9]) for line in said[1:] if "second" not in line]
    assert faces == ["16 faces at once", "8 faces at once"]
    second = [line for line in said if "4 faces for the second network at once" in line]
    assert len(second) == 1


def test_progress_adds_up_and_a_wish_to_stop_is_heard(engine: Engine, clip: Path) -> None:
    source, analyzer = opened(clip), engine.analyzer(replace(SETTINGS, every=4))
    done: list[int] = []
    timings, before = Timings(), set(threading.enumerate())
    analyzer.analyze(source, Segment(0, 0, FRAMES), timings, done.append)
    assert sum(done) == FRAMES
    assert {"decode", "glimpse", "detect", "classify", "look"} <= set(timings.seconds)
    with pytest.raises(Cancelled):
        analyzer.analyze(source, Segment(0, 0, FRAMES), Timings(), should_cancel=lambda: True)
    assert set(threading.enumerate()) == before


def test_results_name_the_analyzer_and_its_precision(engine: Engine) -> None:
    facts = engine.facts(SETTINGS)
    assert facts["analyzer"] == "batched float32"
    assert facts["classifier"].startswith("keras ") and facts["classifier"].endswith(", cpu")
    assert facts["detector"] == facts["classifier"]
    assert isinstance(engine.analyzer(SETTINGS), BatchedAnalyzer)
    half = Engine(replace(BATCHED, precision="float16")).facts(SETTINGS)
    exact = Engine(replace(BATCHED, analyzer="grid")).facts(SETTINGS)
    assert half == {**facts, "analyzer": "batched float16"}
    assert exact["analyzer"] == "grid" and exact["detector"].startswith("litert ")


def test_half_precision_says_the_same(engine: Engine, clip: Path) -> None:
    half = Engine(replace(BATCHED, precision="float16"))
    one, other = (found(each, opened(clip)) for each in (engine, half))
    assert (one.box == other.box).all() and (one.landmarks == other.landmarks).all()
    assert np.abs(one.probabilities - other.probabilities).max() <= 1e-2
    assert np.abs(one.probabilities - other.probabilities).max() > 0
    same = one.probabilities.argmax(axis=1) == other.probabilities.argmax(axis=1)
    assert same.mean() >= 0.999


def test_the_default_model_has_its_full_weights_there(
    engine: Engine, exact: Engine, clip: Path
) -> None:
    """It says what it says on CPUs, and results name the weights."""
    default = AnalyzeSettings(grid=1, second_opinion="on")
    full = replace(SETTINGS, second_opinion="on")
    there = found(engine, opened(clip), default)
    assert (there.probabilities == found(engine, opened(clip), full).probabilities).all()
    here = found(exact, opened(clip), default)
    says, said = (both_say(faces.probabilities, faces.added) for faces in (there, here))
    sure = np.diff(np.sort(said, axis=1), axis=1)[:, -1] > 0.1
    assert sure.mean() > 0.8
    assert (says.argmax(axis=1) == said.argmax(axis=1))[sure].all()
    assert 0 < np.abs(there.probabilities - here.probabilities).max() < 0.1
    facts = engine.facts(default)
    weights = facts.pop("weights")
    assert facts == engine.facts(full) and "weights" not in exact.facts(default)
    assert weights == named(find_model("ferplus3")) != named(find_model("ferplus3-int8"))
    assert made_with(find_model(default.model), {"weights": weights}).name == "ferplus3"
    assert made_with(find_model(default.model), facts).name == default.model


def test_which_analyzer_a_machine_takes(tmp_path: Path) -> None:
    alone = find_model("ferplus3-int8")  # without the model that it was made of
    small = str(tmp_path / "small.json")
    replace(alone, full="").write(Path(small))

    def batched(model: str = "ferplus3", detector: str = "yunet", **run: str) -> bool:
        settings = AnalyzeSettings(model=model, detector=detector)
        return Engine(RunSettings(**run)).batched(settings)  # type: ignore[arg-type]

    assert not batched()
    assert not batched(runtime="keras")
    assert not batched(device="cpu")
    assert batched(device="gpu")
    assert not batched(device="gpu", analyzer="grid")
    assert batched("ferplus3-int8", device="gpu")
    assert not batched("ferplus3-int8")
    # Without weights for Keras, or without a search, there is nothing to do in batches.
    assert not batched(small, device="gpu")
    assert not batched(detector="none", device="gpu")
    turning = AnalyzeSettings(model="ferplus3", rotations=True)
    assert not Engine(RunSettings(device="gpu")).batched(turning)
    for given in ({"model": small}, {"detector": "none"}):
        with pytest.raises(UsageError, match="--analyzer batched needs"):
            batched(**given, analyzer="batched", runtime="keras" if "detector" in given else "auto")
    assert isinstance(Engine(RunSettings()).analyzer(AnalyzeSettings()), GridAnalyzer)
