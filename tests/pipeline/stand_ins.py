"""What pipeline tests put in place of models: small, exact, and real functions of the pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np

from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.emotion.card import ModelCard
from fer_batch.emotion.classifier import Classifier
from fer_batch.faces.detector import Detector, open_detector
from fer_batch.faces.recogniser import Recogniser, open_recogniser
from fer_batch.media.source import FrameSource
from fer_batch.pipeline.build import Engine
from fer_batch.pipeline.grid import analyze_segment
from fer_batch.pipeline.plan import plan
from fer_batch.pipeline.progress import Timings
from fer_batch.types import (
    FACES,
    Detections,
    Faces,
    FloatArray,
    Frame,
    FrameStatus,
    Image,
    SourceInfo,
)

LABELS = ("bright", "mixed", "dark")
CARD = ModelCard(
    name="shades",
    labels=LABELS,
    input_size=24,
    files={},
    sha256={"shades": "0" * 64},
    template=((7, 9), (16, 9), (11.5, 14), (8, 18), (15, 18)),
)


class Shades:
    """A ``Classifier`` by the shares of bright, middling and dark pixels; counts crops."""

    card = CARD
    runtime = "numpy"

    def __init__(self, batch_size: int = 8, concurrency: int = 1) -> None:
        self.batch_size, self.concurrency = batch_size, concurrency
        self.asked: list[int] = []

    def classify(self, crops: Image) -> FloatArray:
        assert crops.dtype == np.uint8 and crops.shape[1:] == (24, 24)
        self.asked.append(len(crops))
        shares = [(low <= crops) & (crops < high) for low, high in ((171, 256), (86, 171), (0, 86))]
        return np.stack([s.mean(axis=(1, 2)) for s in shares], axis=1).astype(np.float32)


class Refuses:
    """A ``Classifier`` that must not be asked."""

    card = CARD
    runtime = "none"
    batch_size = 8
    concurrency = 1

    def classify(self, crops: Image) -> FloatArray:
        raise AssertionError("no inference was to be done")


class ShadesEngine(Engine):
    """The real engine with the real detector; only the network is exchanged."""

    def __init__(
        self, run: RunSettings | None = None, classifier: Classifier | None = None
    ) -> None:
        super().__init__(run or RunSettings(threads=1))
        self.shades = classifier or Shades()

    def classifier(self, settings: AnalyzeSettings) -> Classifier:
        return self.shades

    def card(self, settings: AnalyzeSettings) -> ModelCard:
        return CARD


class Counting:
    """Hands frames on to another detector and remembers which."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.name, self.sha256 = detector.name, detector.sha256
        self.runtime = detector.runtime
        self.seen: Counter[int] = Counter()

    def detect(self, frame: Frame) -> Detections:
        self.seen[frame.index] += 1
        return self._detector.detect(frame)

    def detect_many(self, frames: Sequence[Frame]) -> list[Detections]:
        """See ``Detector``."""
        return [self.detect(frame) for frame in frames]


class Painted:
    """A ``Detector`` of white squares: a face for each run of white pixels in the top row."""

    name = "painted"
    sha256 = "1" * 64
    runtime = "numpy"

    def detect(self, frame: Frame) -> Detections:
        white = np.concatenate([[False], frame.luma[0] > 200, [False]]).astype(int)
        edges = np.flatnonzero(np.diff(white)).reshape(-1, 2)
        box = np.array([[a, 0, b - a, b - a] for a, b in edges], np.float32).reshape(-1, 4)
        landmarks = np.full((len(box), 5, 2), np.nan, np.float32)
        return Detections(box, np.full(len(box), 0.9, np.float32), landmarks)

    def detect_many(self, frames: Sequence[Frame]) -> list[Detections]:
        """See ``Detector``."""
        return [self.detect(frame) for frame in frames]


class PaintedSource:
    """A ``FrameSource`` of frames with white squares at ``places[i]``; None cannot be decoded."""

    def __init__(self, places: list[list[int] | None], side: int = 16, width: int = 128) -> None:
        pts = np.arange(len(places), dtype=np.int64)
        self.info = SourceInfo("x", "x", "video", width, 32, 0, Fraction(1, 25), pts)
        self._places, self._side = places, side
        self.read: list[int] = []

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        for index in range(start, stop):
            self.read.append(index)
            places = self._places[index]
            if places is None:
                yield Frame(index, index, None, self.info.width, self.info.height)
                continue
            image = np.full((48, self.info.width), 128, np.uint8)
            image[:32] = 30 + index % 100
            for x in places:
                image[: self._side, x : x + self._side] = 235
            yield Frame(index, index, image, self.info.width, self.info.height)


def analyzed(source: FrameSource, settings: AnalyzeSettings, frames: int) -> list[Faces]:
    """The shards of a source in segments of ``frames`` frames."""
    detector, classifier = open_detector(settings.detector), Shades()
    return [
        analyze_segment(source, segment, settings, detector, classifier, Timings())
        for segment in plan(source.info, settings, frames)
    ]


@cache
def known_people() -> Recogniser:
    """The real recogniser, opened once."""
    return open_recogniser()


def nobody_known() -> Recogniser:
    """In place of a recogniser that is not to be asked."""
    raise AssertionError("nobody was to be recognised")


def same_faces(one: Faces, other: Faces) -> bool:
    """Whether two hold the same numbers, bit for bit."""
    return one.start == other.start and all(
        np.array_equal(getattr(one, n), getattr(other, n), equal_nan=c.dtype.startswith("float"))
        for n, c in FACES.items()
    )


def some_faces(seed: int, frames: int, start: int = 0, most: int = 3) -> Faces:
    """Random faces of ``frames`` frames, with every status; about some of them a second network was
    asked."""
    rng = np.random.default_rng(seed)
    status = rng.choice([0, 0, 0, 1, 2, 3], frames).astype(np.int64)
    counts = np.where(status == FrameStatus.OK, rng.integers(1, most + 1, frames), 0)
    n = int(counts.sum())
    looks = rng.normal(size=(n, 8))
    asked = rng.random((n, 1)) < 0.2
    return Faces(
        start=start,
        status=status,
        frame=start + np.repeat(np.arange(frames), counts),
        box=np.hstack([rng.uniform(0, 200, (n, 2)), rng.uniform(20, 60, (n, 2))]).astype("f4"),
        confidence=rng.uniform(0.6, 1, n).astype("f4"),
        landmarks=rng.uniform(0, 200, (n, 5, 2)).astype("f4"),
        appearance=(looks / np.linalg.norm(looks, axis=1, keepdims=True)).astype("f2"),
        probabilities=rng.dirichlet([1, 1, 1], n).astype("f4").reshape(n, 3),
        added=np.where(asked, rng.normal(size=(n, 3)), np.nan).astype("f4"),
    )


def cut(faces: Faces, places: list[int]) -> list[Faces]:
    """The shards of ``faces`` between ``places``."""
    edges = [0, *places, len(faces.status)]
    shards = []
    for start, stop in pairwise(edges):
        rows = slice(*np.searchsorted(faces.frame, [start, stop]))
        of_faces = [name for name, column in FACES.items() if column.per == "face"]
        parts = {name: getattr(faces, name)[rows] for name in of_faces}
        shards.append(Faces(start=start, status=faces.status[start:stop], **parts))
    return shards


def same_timelines(one: object, other: object) -> bool:
    """Whether all columns of two timelines are equal, bit for bit."""
    names = ("status", "time_s", "frame", "face_id", "box", "confidence", "smoothed", "raw")
    return all(
        np.array_equal(getattr(one, n), getattr(other, n), equal_nan=n == "time_s")
        and getattr(one, n).dtype == getattr(other, n).dtype
        for n in names
    )
