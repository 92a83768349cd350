"""What each part costs on a frame of 640x360: ``pytest benchmarks/test_parts.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.clips import base_clip
from fer_batch.config import DEFAULT_MODEL, Limits, RenderSettings
from fer_batch.emotion.classifier import Classifier
from fer_batch.emotion.load import open_classifier
from fer_batch.faces.align import appearance, crop_faces
from fer_batch.faces.detector import Detector, open_detector
from fer_batch.faces.yunet import small_bgr
from fer_batch.media.encode import PartWriter
from fer_batch.media.source import open_source, probe
from fer_batch.output.draw.overlay import Overlay
from fer_batch.output.reel import small
from fer_batch.types import Detections, Frame, Segment, SourceInfo

FRAMES = 64


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> SourceInfo:
    return probe(base_clip(tmp_path_factory.mktemp("clip")), "clip", 25.0, Limits())


@pytest.fixture(scope="module")
def frames(info: SourceInfo) -> list[Frame]:
    return list(open_source(info, Limits(), 1).frames(0, FRAMES))


@pytest.fixture(scope="module")
def detector() -> Detector:
    return open_detector("yunet")


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return open_classifier(DEFAULT_MODEL, runtime="litert", threads=1)


@pytest.fixture(scope="module")
def found(frames: list[Frame], detector: Detector) -> list[Detections]:
    return [detector.detect(frame) for frame in frames]


@pytest.fixture(scope="module")
def crops(frames: list[Frame], found: list[Detections], classifier: Classifier) -> Any:
    template = np.array(classifier.card.template, np.float32)
    pairs = zip(frames, found, strict=True)
    return np.concatenate([crop_faces(f, d, template, 48) for f, d in pairs])


def test_decode(benchmark: Any, info: SourceInfo) -> None:
    count = benchmark(lambda: sum(1 for _ in open_source(info, Limits(), 1).frames(0, FRAMES)))
    assert count == FRAMES


def test_shrink_for_the_detector(benchmark: Any, frames: list[Frame]) -> None:
    assert benchmark(small_bgr, frames[0].image, 320, 180).shape == (180, 320, 3)


def test_detect(benchmark: Any, frames: list[Frame], detector: Detector) -> None:
    assert len(benchmark(detector.detect, frames[0]))


def test_crop(
    benchmark: Any, frames: list[Frame], found: list[Detections], classifier: Classifier
) -> None:
    template = np.array(classifier.card.template, np.float32)
    assert len(benchmark(crop_faces, frames[0], found[0], template, 48)) == len(found[0])


def test_appearance(benchmark: Any, crops: Any) -> None:
    assert benchmark(appearance, crops[:1]).shape == (1, 144)


@pytest.mark.parametrize("model", ["fer3", "fer3-int8"])
def test_classify_a_batch_of_32(benchmark: Any, crops: Any, model: str) -> None:
    classifier = open_classifier(model, runtime="litert", threads=1)
    assert len(benchmark(classifier.classify, np.resize(crops, (32, 48, 48)))) == 32


def test_draw(
    benchmark: Any, frames: list[Frame], found: list[Detections], classifier: Classifier
) -> None:
    labels = classifier.card.labels
    overlay = Overlay(labels, frames[0].luma.shape[1], frames[0].luma.shape[0], RenderSettings())
    assert frames[0].image is not None
    image, faces = frames[0].image.copy(), found[0]
    p = np.full((len(faces), len(labels)), 1 / len(labels), np.float32)
    benchmark(overlay.draw, image, faces.box, np.arange(1, len(faces) + 1), p)
    assert not np.array_equal(image, frames[0].image)


@pytest.mark.parametrize("blur", [False, True])
@pytest.mark.parametrize("count", [1, 18, 100, 400, 800])
def test_draw_a_crowd(benchmark: Any, count: int, blur: bool) -> None:
    """Faces on a grid in 1920x1080 that move and grow a little from frame to frame."""
    labels, chance = ("happy", "sad", "neutral"), np.random.default_rng(count)
    overlay = Overlay(labels, 1920, 1080, RenderSettings(blur_faces=blur))
    across = int(np.ceil((count * 16 / 9) ** 0.5))
    rows, columns = np.divmod(np.arange(count), across)
    step = 1920 / across
    side = np.full(count, min(step / 2, 200))
    boxes = np.stack([columns * step, rows * step, side, side * 1.3], axis=1)
    image = np.full((1620, 1920), 100, np.uint8)
    p = chance.dirichlet([1, 1, 1], count).astype(np.float32)

    def draw() -> None:
        moved = boxes + chance.normal(0, 1, boxes.shape)
        overlay.draw(image, moved.astype(np.float32), np.arange(count), p)

    benchmark(draw)
    assert (image != 100).any()


def test_encode(benchmark: Any, info: SourceInfo, frames: list[Frame], tmp_path: Path) -> None:
    cut = Segment(0, 0, FRAMES)

    def encode() -> int:
        with PartWriter(tmp_path / "part.mp4", info, cut, RenderSettings(), 1) as part:
            for frame in frames:
                assert frame.image is not None
                part.write(frame.index, frame.image)
        return (tmp_path / "part.mp4").stat().st_size

    assert benchmark(encode) > 0


def test_shrink_for_the_gif(benchmark: Any, frames: list[Frame]) -> None:
    assert benchmark(small, frames[0].image).ndim == 2
