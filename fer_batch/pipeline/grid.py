"""The analyzer of CPUs: faces searched on a grid of frames, crops classified in batches.

Decode, detect, crop, classify: stateless, so that segments never change results.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from fer_batch.config import AnalyzeSettings
from fer_batch.emotion.classifier import Classifier
from fer_batch.faces.align import appearance, crop_faces
from fer_batch.faces.detector import Detector
from fer_batch.faces.largest import Largest
from fer_batch.faces.quality import look
from fer_batch.faces.sharpen import fineness, sharpened
from fer_batch.media.source import FrameSource
from fer_batch.pipeline.collected import Collected, Read, glimpsed
from fer_batch.pipeline.detect import NOTHING, CutMayLie, detect_on_grid
from fer_batch.pipeline.glimpses import Glimpses
from fer_batch.pipeline.opinions import SecondOpinions, opinions_of
from fer_batch.pipeline.plan import LOOK_S, analysed_frames, asked_frames, detection_grid
from fer_batch.pipeline.prefetch import Prefetch, frames_ahead
from fer_batch.pipeline.progress import Pulse, Report, ShouldCancel, Timings, never, unreported
from fer_batch.pipeline.views import view_keeper
from fer_batch.types import (
    BoolArray,
    Detections,
    Faces,
    FloatArray,
    Frame,
    FrameStatus,
    Image,
    IntArray,
    Segment,
)


@dataclass(frozen=True, slots=True)
class GridAnalyzer:
    """A ``FaceAnalyzer`` of a detector and a classifier, each stage in threads of its own."""

    settings: AnalyzeSettings
    detector: Detector
    classifier: Classifier
    second: SecondOpinions | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """See ``FaceAnalyzer``."""
        return self.classifier.card.labels

    def analyze(
        self,
        source: FrameSource,
        segment: Segment,
        timings: Timings,
        report: Report = unreported,
        should_cancel: ShouldCancel = never,
    ) -> Faces:
        """See ``FaceAnalyzer``."""
        parts = (self.settings, self.detector, self.classifier, timings, report, should_cancel)
        return analyze_segment(source, segment, *parts, second=self.second)


def analyze_segment(
    source: FrameSource,
    segment: Segment,
    settings: AnalyzeSettings,
    detector: Detector,
    classifier: Classifier,
    timings: Timings,
    report: Report = unreported,
    should_cancel: ShouldCancel = never,
    second: SecondOpinions | None = None,
) -> Faces:
    """All faces of a segment with their probabilities, and what ``second`` adds to some of them.

    Decoding, detecting and classifying run in threads of their own, cropping in the caller's;
    queues between them are bounded, so memory does not grow with the length of the segment.

    Raises:
        Cancelled: ``should_cancel`` said so; nothing is kept of this segment.
    """
    pulse = Pulse(report, should_cancel)
    collected = Collected()
    card = classifier.card
    template = np.array(card.template, np.float32)
    ahead = frames_ahead(source.info.width, source.info.height)
    glimpses = Glimpses(segment.start)
    grid = detection_grid(source.info, settings)
    keeper = view_keeper(source.info, settings)
    analysed = analysed_frames(source.info, settings)
    asked = set(asked_frames(source.info, settings).tolist())
    if settings.max_faces:
        detector = Largest(detector, settings.max_faces)
    stop = min(segment.stop + 1, len(source.info))  # as far as the detection grid reaches
    decoded = glimpsed(source, segment.start, stop, glimpses, timings)
    with (
        ThreadPoolExecutor(classifier.concurrency) as pool,
        Prefetch(decoded, ahead) as frames,
        Prefetch(
            _detect(
                frames,
                segment,
                analysed,
                grid,
                LOOK_S / float(source.info.time_base),
                detector,
                glimpses.cut_may_lie,
                timings,
            ),
            ahead,
        ) as seen,
    ):
        classify = _Batches(classifier, second, pool, timings)
        for status, frame, found in seen:
            collected.status.append(status)
            if frame is not None and keeper is not None:
                collected.view(keeper, frame, found, glimpses, analysed, timings)
            if frame is not None and len(found):
                with timings.stage("crop"):
                    crops = crop_faces(frame, found, template, card.input_size)
                    fine = fineness(found, template, card.input_size)
                collected.add(frame, found)
                classify.add(crops, fine, asked=frame.index in asked)
            pulse.beat()
        classify.rest()
        pulse.flush()
    return replace(
        collected.faces(segment, len(card.labels), classify.read()),
        glimpse=glimpses.whole(len(segment)),
        views=None if keeper is None else keeper.views(),
    )


def _detect(
    frames: Iterable[Frame],
    segment: Segment,
    wanted: IntArray,
    grid: int,
    longest: float,
    detector: Detector,
    cut_may_lie: CutMayLie,
    timings: Timings,
) -> Iterator[tuple[FrameStatus, Frame | None, Detections]]:
    """Status, picture and faces of each frame of the segment, in order; None where not analysed."""
    skipped = (FrameStatus.SKIPPED, None, NOTHING)
    chosen = set(wanted[slice(*wanted.searchsorted([segment.start, segment.stop + 1]))].tolist())
    analysed = (f for f in frames if f.index in chosen)
    expected = segment.start
    for frame, found in detect_on_grid(analysed, detector, grid, timings, longest, cut_may_lie):
        yield from repeat(skipped, min(frame.index, segment.stop) - expected)
        expected = frame.index + 1
        if frame.index >= segment.stop:
            return
        if frame.image is None:
            yield FrameStatus.DECODE_ERROR, None, NOTHING
        else:
            yield FrameStatus.OK if len(found) else FrameStatus.NO_FACE, frame, found
    yield from repeat(skipped, segment.stop - expected)


class _Batches:
    """Fills batches across frames and classifies them, several at once where that is worth it."""

    def __init__(
        self,
        classifier: Classifier,
        second: SecondOpinions | None,
        pool: ThreadPoolExecutor,
        timings: Timings,
    ) -> None:
        self._classifier, self._second = classifier, second
        self._pool, self._timings = pool, timings
        self._done: list[Future[Read]] = []
        self._waiting: list[Image] = []
        self._fine: list[float] = []
        self._asked: list[bool] = []

    def add(self, crops: Image, fine: FloatArray, asked: bool) -> None:
        """Take ``uint8[n, size, size]``; whole batches are classified, the rest waits. ``fine
        float32[n]``: their ``sharpen.fineness``. ``asked``: the second network is asked about them,
        too."""
        self._waiting.append(crops)
        self._fine += fine.tolist()
        self._asked += [asked] * len(crops)
        size = self._classifier.batch_size
        if (count := len(self._asked)) >= size:
            joined = np.concatenate(self._waiting)
            whole = count - count % size
            for start in range(0, whole, size):
                here = slice(start, start + size)
                self._submit(joined[here], self._fine[here], self._asked[here])
            self._waiting = [joined[whole:]]
            self._fine, self._asked = self._fine[whole:], self._asked[whole:]

    def rest(self) -> None:
        """Classify what waits, and wait for all results."""
        if self._asked:
            self._submit(np.concatenate(self._waiting), self._fine, self._asked)
        for future in self._done:
            future.result()

    def read(self) -> Iterator[Read]:
        """What was read of all faces, in their order."""
        return (future.result() for future in self._done)

    def _submit(self, crops: Image, fine: list[float], asked: list[bool]) -> None:
        futures = self._done
        ahead = 2 * self._classifier.concurrency
        if len(futures) >= ahead:  # no more than this waits, so that memory stays flat
            futures[-ahead].result()
        given = np.array(fine, np.float32), np.array(asked)
        futures.append(self._pool.submit(self._run, crops, *given))

    def _run(self, crops: Image, fine: FloatArray, asked: BoolArray) -> Read:
        """What is read of a batch."""
        card = self._classifier.card
        with self._timings.stage("classify"):
            vectors = appearance(crops)
            sharp = sharpened(crops, card.sharpen, card.sharpness, fine)
            looks, said = look(crops, vectors), self._classifier.classify(sharp)
        with self._timings.stage("second"):
            return vectors, looks, *opinions_of(self._second, sharp, said, asked)
