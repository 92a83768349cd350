"""The analyzer of GPUs: every frame searched, in batches, on the device that also classifies.

Decode, search, read: in threads of their own with bounded queues between them, so that the device
works on a batch while the host decodes the next ones. Stateless like `grid`; what a face is worth
is measured by the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fer_batch.config import AnalyzeSettings
from fer_batch.faces.align import appearance
from fer_batch.faces.largest import largest
from fer_batch.faces.quality import look
from fer_batch.faces.sharpen import sharpened
from fer_batch.media.source import FrameSource
from fer_batch.pipeline.collected import Collected, Read, glimpsed
from fer_batch.pipeline.device import Device, Sent
from fer_batch.pipeline.glimpses import Glimpses
from fer_batch.pipeline.opinions import SecondOpinions, opinions_of
from fer_batch.pipeline.plan import analysed_frames, asked_frames
from fer_batch.pipeline.prefetch import Prefetch
from fer_batch.pipeline.progress import Pulse, Report, ShouldCancel, Timings, never, unreported
from fer_batch.pipeline.views import view_keeper
from fer_batch.types import Faces, Frame, FrameStatus, Segment

BATCHES_AHEAD = 2


@dataclass(frozen=True, slots=True)
class BatchedAnalyzer:
    """A ``FaceAnalyzer`` of a device: YuNet and a classifier in batched graphs."""

    settings: AnalyzeSettings
    device: Device
    second: SecondOpinions | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """See ``FaceAnalyzer``."""
        return self.device.card.labels

    def analyze(
        self,
        source: FrameSource,
        segment: Segment,
        timings: Timings,
        report: Report = unreported,
        should_cancel: ShouldCancel = never,
    ) -> Faces:
        """See ``FaceAnalyzer``."""
        settings, pulse = self.settings, Pulse(report, should_cancel)
        collected, glimpses, read = Collected(), Glimpses(segment.start), list[Read]()
        analysed = analysed_frames(source.info, settings)
        keeper = view_keeper(source.info, settings)
        asked = set(asked_frames(source.info, settings).tolist())
        ahead = self.device.at_once((source.info.height, source.info.width)).size
        decoded = glimpsed(source, segment.start, segment.stop, glimpses, timings)
        here = analysed[slice(*analysed.searchsorted([segment.start, segment.stop]))]
        status = np.full(len(segment), FrameStatus.SKIPPED, np.int64)
        status[here - segment.start] = FrameStatus.DECODE_ERROR  # until its picture has come
        beaten = segment.start
        with (
            Prefetch(decoded, ahead) as frames,
            Prefetch(self._searched(frames, set(here.tolist()), timings), BATCHES_AHEAD) as batches,
        ):
            for sent in batches:
                for frame, found in zip(sent.frames, sent.found, strict=True):
                    there = FrameStatus.OK if len(found) else FrameStatus.NO_FACE
                    status[frame.index - segment.start] = there
                    if keeper is not None:
                        collected.view(keeper, frame, found, glimpses, analysed, timings)
                    if len(found):
                        collected.add(frame, found)
                if any(map(len, sent.found)):
                    read.append(self._read(sent, asked, timings))
                pulse.beat(sent.frames[-1].index + 1 - beaten)
                beaten = sent.frames[-1].index + 1
            pulse.beat(segment.stop - beaten)
            pulse.flush()
        collected.status = status.tolist()
        return replace(
            collected.faces(segment, len(self.labels), read),
            glimpse=glimpses.whole(len(segment)),
            views=None if keeper is None else keeper.views(),
        )

    def _read(self, sent: Sent, asked: set[int], timings: Timings) -> Read:
        """``asked``: the frames about whose faces the second network is asked."""
        card = self.device.card
        with timings.stage("classify"):
            crops, own = self.device.classify(sent, sent.found)
        with timings.stage("second"):
            sharp = crops
            if self.second:
                fine = np.concatenate([self.device.fineness(faces) for faces in sent.found])
                sharp = sharpened(crops, card.sharpen, card.sharpness, fine)
            each = [frame.index in asked for frame in sent.frames]
            both = opinions_of(self.second, sharp, own, np.repeat(each, list(map(len, sent.found))))
        with timings.stage("look"):
            vectors = appearance(crops)
            return vectors, look(crops, vectors), *both

    def _searched(
        self, frames: Iterable[Frame], chosen: set[int], timings: Timings
    ) -> Iterator[Sent]:
        """Those of ``frames`` that are chosen and have a picture, in batches of one size."""
        batch: list[Frame] = []
        for frame in frames:
            if frame.index not in chosen or frame.image is None:
                continue
            full = len(batch) >= self.device.at_once(frame.luma.shape).size
            if batch and (full or _size(frame) != _size(batch[0])):
                yield from self._search(batch, timings)
                batch = []
            batch.append(frame)
        if batch:
            yield from self._search(batch, timings)

    def _search(self, frames: Sequence[Frame], timings: Timings) -> Iterator[Sent]:
        """The faces of ``frames``, all of one size: one batch, or more where memory is full."""
        batches = self.device.at_once(frames[0].luma.shape).run(frames, self.device.search)
        while True:
            with timings.stage("detect"):
                sent = next(batches, None)
            if sent is None:
                return
            if most := self.settings.max_faces:
                sent = replace(sent, found=[largest(each, most) for each in sent.found])
            yield sent


def _size(frame: Frame) -> tuple[int, ...]:
    """Frames of which this is equal are searched at one size."""
    return (*frame.luma.shape, frame.width, frame.height, round(frame.width * frame.scale))
