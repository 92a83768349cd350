"""One segment: decode, detect, crop, classify. Stateless, so that segments never change results."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from fer_batch.config import AnalyzeSettings
from fer_batch.emotion.classifier import Classifier
from fer_batch.faces.align import appearance, crop_faces
from fer_batch.faces.detector import Detector
from fer_batch.media.source import FrameSource
from fer_batch.pipeline.detect import NOTHING, detect_on_grid
from fer_batch.pipeline.prefetch import Prefetch
from fer_batch.pipeline.progress import Pulse, Report, ShouldCancel, Timings, never, unreported
from fer_batch.types import Detections, Faces, FloatArray, Frame, FrameStatus, Image, Segment

# Frames that wait between decoder and detector; at 4K one takes 12 MB.
DECODED_AHEAD = 8
CROPPED_AHEAD = 16


@dataclass(slots=True)
class _Collected:
    """What becomes the columns of Faces."""

    status: list[int] = field(default_factory=list)
    frame: list[int] = field(default_factory=list)
    found: list[Detections] = field(default_factory=list)
    appearance: list[FloatArray] = field(default_factory=list)
    probabilities: list[Future[FloatArray]] = field(default_factory=list)


def analyze_segment(
    source: FrameSource,
    segment: Segment,
    settings: AnalyzeSettings,
    detector: Detector,
    classifier: Classifier,
    timings: Timings,
    report: Report = unreported,
    should_cancel: ShouldCancel = never,
) -> Faces:
    """All faces of a segment with their probabilities.

    Decoding and detecting run in threads of their own, classifying in the caller's; queues
    between them are bounded, so memory does not grow with the length of the segment.

    Raises:
        Cancelled: ``should_cancel`` said so; nothing is kept of this segment.
    """
    pulse = Pulse(report, should_cancel)
    collected = _Collected()
    with (
        ThreadPoolExecutor(classifier.lanes) as pool,
        Prefetch(_decode(source, segment, settings, timings), DECODED_AHEAD) as frames,
        Prefetch(
            _crop(iter(frames), segment, settings, detector, classifier, timings), CROPPED_AHEAD
        ) as cropped,
    ):
        classify = _Batches(classifier, pool, collected, timings)
        for status, index, found, crops in cropped:
            collected.status.append(status)
            if len(found):
                collected.frame += [index] * len(found)
                collected.found.append(found)
                collected.appearance.append(appearance(crops))
                classify.add(crops)
            pulse.beat()
        classify.rest()
        pulse.flush()
    return _faces(segment, collected, len(classifier.card.labels))


def _decode(
    source: FrameSource, segment: Segment, settings: AnalyzeSettings, timings: Timings
) -> Iterator[Frame]:
    """Frames of the segment, and as far past its end as the detection grid reaches."""
    stop = min(segment.stop + 1, len(source.info))
    frames = source.frames(segment.start, stop)
    while True:
        with timings.stage("decode"):
            frame = next(frames, None)
        if frame is None:
            return
        yield frame


def _crop(
    frames: Iterator[Frame],
    segment: Segment,
    settings: AnalyzeSettings,
    detector: Detector,
    classifier: Classifier,
    timings: Timings,
) -> Iterator[tuple[int, int, Detections, Image]]:
    """Status, index, faces and grey crops of each frame of the segment, in order."""
    card = classifier.card
    template = np.array(card.template, np.float32)
    analysed = (f for f in frames if f.index % settings.every == 0)
    expected = segment.start
    for frame, found in detect_on_grid(analysed, detector, settings.grid, timings):
        for skipped in range(expected, min(frame.index, segment.stop)):
            yield FrameStatus.SKIPPED, skipped, NOTHING, _no_crops(card.input_size)
        expected = frame.index + 1
        if frame.index >= segment.stop:
            return
        if frame.image is None:
            yield FrameStatus.DECODE_ERROR, frame.index, NOTHING, _no_crops(card.input_size)
            continue
        with timings.stage("crop"):
            crops = crop_faces(frame, found, template, card.input_size)
        status = FrameStatus.OK if len(found) else FrameStatus.NO_FACE
        yield status, frame.index, found, crops
    for skipped in range(expected, segment.stop):
        yield FrameStatus.SKIPPED, skipped, NOTHING, _no_crops(card.input_size)


def _no_crops(size: int) -> Image:
    return np.empty((0, size, size), np.uint8)


class _Batches:
    """Fills batches across frames and classifies them, several at once where that is worth it."""

    def __init__(
        self,
        classifier: Classifier,
        pool: ThreadPoolExecutor,
        collected: _Collected,
        timings: Timings,
    ) -> None:
        self._classifier, self._pool = classifier, pool
        self._collected, self._timings = collected, timings
        self._waiting: list[Image] = []
        self._count = 0

    def add(self, crops: Image) -> None:
        """Take ``uint8[n, size, size]``; whole batches are classified, the rest waits."""
        self._waiting.append(crops)
        self._count += len(crops)
        size = self._classifier.batch_size
        if self._count >= size:
            joined = np.concatenate(self._waiting)
            whole = self._count - self._count % size
            for start in range(0, whole, size):
                self._submit(joined[start : start + size])
            self._waiting, self._count = [joined[whole:]], self._count - whole

    def rest(self) -> None:
        """Classify what waits, and wait for all results."""
        if self._count:
            self._submit(np.concatenate(self._waiting))
        for future in self._collected.probabilities:
            future.result()

    def _submit(self, crops: Image) -> None:
        futures = self._collected.probabilities
        ahead = 2 * self._classifier.lanes
        if len(futures) >= ahead:  # no more than this waits, so that memory stays flat
            futures[-ahead].result()
        futures.append(self._pool.submit(self._run, crops))

    def _run(self, crops: Image) -> FloatArray:
        with self._timings.stage("classify"):
            return self._classifier.classify(crops)


def _faces(segment: Segment, collected: _Collected, labels: int) -> Faces:
    found = collected.found or [NOTHING]
    looks = collected.appearance or [appearance(_no_crops(1))]
    probabilities = [future.result() for future in collected.probabilities]
    return Faces(
        start=segment.start,
        status=np.array(collected.status, np.int64),
        frame=np.array(collected.frame, np.int64),
        box=np.concatenate([f.box for f in found]),
        confidence=np.concatenate([f.confidence for f in found]),
        landmarks=np.concatenate([f.landmarks for f in found]),
        appearance=np.concatenate(looks),
        probabilities=np.concatenate([np.empty((0, labels), np.float32), *probabilities]),
    )
