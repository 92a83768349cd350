"""Photos: each by itself. What came before is not asked."""

from __future__ import annotations

import math
import zipfile
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from fer_batch.atomic import atomic_path
from fer_batch.config import RenderSettings
from fer_batch.media.pictures import jpeg
from fer_batch.media.source import FrameSource
from fer_batch.output.draw.anonymise import covered_faces
from fer_batch.output.draw.marks import Marks
from fer_batch.output.draw.overlay import Overlay, shown_labels
from fer_batch.pipeline.draw import photo_numbers
from fer_batch.pipeline.progress import Pulse, Report, ShouldCancel, Timings, never, unreported
from fer_batch.pipeline.snapshots import SnapshotWriter, portraits
from fer_batch.types import FloatArray, Frame, IntArray, Segment, SourceInfo, Timeline

THUMB_SIDE = 320
# Photos up to this size serve as their own thumbnails, where they are annotated anyway.
OWN_THUMB_SIDE = 480
ENCODERS = 2
MARKS_KEPT = 24


def largest_first(frame: IntArray, box: np.ndarray) -> IntArray:
    """``face_id int64[n]``: counts the faces of each photo from 1, the largest first.

    ``frame``: ascending. Equal sizes count from left to right.
    """
    area = box[:, 2].astype(np.float64) * box[:, 3]
    order = np.lexsort((box[:, 0], -area, frame))
    first = np.searchsorted(frame[order], frame[order])
    numbers = np.empty(len(frame), np.int64)
    numbers[order] = np.arange(len(frame)) - first + 1
    return numbers


def as_film(timeline: Timeline, info: SourceInfo) -> Timeline:
    """Photos one after another, as many a second as ``--image-fps`` says: for a video, GIF or plot
    of them, where somebody asks for one."""
    if not timeline.is_photos:
        return timeline
    return replace(timeline, time_s=(info.pts - info.pts[0]) * float(info.time_base))


def counted(timeline: Timeline) -> Timeline:
    """Photos whose ``face_id`` are called what they are: ``Face 1``, the largest of each photo, and
    so on. Names belong to persons, who have numbers of their own. Other timelines stay."""
    if not timeline.is_photos:
        return timeline
    numbers = np.unique(timeline.face_id).tolist()
    return replace(timeline, names={number: f"Face {number}" for number in numbers})


@dataclass(frozen=True, slots=True)
class WantedPictures:
    """``images``: each photo with its boxes; ``thumbs``: small ones for the gallery page."""

    images: bool
    thumbs: bool


def render_photos(
    source: FrameSource,
    segment: Segment,
    timeline: Timeline,
    settings: RenderSettings,
    wanted: WantedPictures,
    kept: Path,
    timings: Timings,
    report: Report = unreported,
    should_cancel: ShouldCancel = never,
) -> None:
    """Write the annotated photos and thumbnails of a segment to ``kept`` (zip), whole or not at
    all. Photos are decoded ahead, drawn one by one, and compressed by some threads.

    Raises:
        Cancelled: ``should_cancel`` said so.
    """
    pulse = Pulse(report, should_cancel)
    drawer = PhotoDrawer(timeline, settings)
    people = portraits(timeline, timeline.person) if wanted.thumbs else {}
    shrunk: dict[int, int] = {}
    with (
        atomic_path(kept) as path,
        zipfile.ZipFile(path, "w") as file,
        ThreadPoolExecutor(ENCODERS) as pool,
    ):
        writer = SnapshotWriter(file)
        waiting: deque[tuple[int, Future[dict[str, bytes]]]] = deque()

        def store() -> None:
            index, pictures = waiting.popleft()
            for folder, data in pictures.result().items():
                writer.jpeg(folder, index, data)

        for frame in source.frames(segment.start, segment.stop):
            if frame.image is not None:
                if frame.scale > 1:
                    shrunk[frame.index] = round(frame.scale)
                if not settings.blurs:
                    writer.people(frame, timeline, people, timeline.person)
                with timings.stage("draw"):
                    drawer.draw(frame)
                if settings.blurs:
                    writer.people(frame, timeline, people, timeline.person)
                waiting.append((frame.index, pool.submit(_compressed, frame, wanted, timings)))
            if len(waiting) > 2 * ENCODERS:
                store()
            pulse.beat()
        while waiting:
            store()
        writer.shrunk(shrunk)
    # Only now: whoever stops here finds the segment whole.
    pulse.flush()


def _compressed(frame: Frame, wanted: WantedPictures, timings: Timings) -> dict[str, bytes]:
    """JPEGs of a drawn photo by the folder of the zip that they go to."""
    with timings.stage("encode"):
        pictures = {"image": jpeg(frame)} if wanted.images else {}
        own = wanted.images and max(frame.width, frame.height) <= OWN_THUMB_SIDE
        if wanted.thumbs and not own:
            pictures["thumb"] = jpeg(frame, THUMB_SIDE, THUMB_SIDE)
    return pictures


class PhotoDrawer:
    """Draws into photos of any sizes; what is rasterised serves all of about the same size."""

    def __init__(self, timeline: Timeline, settings: RenderSettings) -> None:
        self._timeline, self._settings = timeline, settings
        self._covered = covered_faces(timeline, settings, photos=True)
        labels = shown_labels(timeline.labels, settings)

        def made(step: int) -> Marks:
            side = round(2 ** (step / 6))
            return Marks(labels, side, side)

        self.marks = lru_cache(MARKS_KEPT)(made)
        self._overlay = lru_cache(MARKS_KEPT)(self._overlay_of)

    def draw(self, frame: Frame) -> None:
        """Draw the faces of ``frame`` into its image."""
        assert frame.image is not None
        faces = self._timeline.faces_at(frame.index)
        hidden = self._hidden(frame.index)
        if faces.start == faces.stop and not len(hidden):
            return
        overlay = self._overlay(frame.image.shape[1], frame.image.shape[0] * 2 // 3)
        numbers, nameless = photo_numbers(self._timeline, faces)
        overlay.draw(
            frame.image,
            self._timeline.box[faces] / frame.scale,
            numbers,
            self._timeline.smoothed[faces],
            unseen=hidden / np.float32(frame.scale),
            unusable=self._timeline.unusable[faces],
            covered=None if self._covered is None else self._covered[faces],
            nameless=nameless,
        )

    def _overlay_of(self, width: int, height: int) -> Overlay:
        """For photos of that size, even numbers of pixels."""
        return Overlay(
            self._timeline.labels,
            width,
            height,
            self._settings,
            # Of a size within a twelfth of the right one, so that there are few.
            marks=self.marks(round(math.log2(max(min(width, height), 16)) * 6)),
            names=self._timeline.names,
        )

    def _hidden(self, photo: int) -> FloatArray:
        """Faces that somebody left out, ``float32[n, 4]``: still in the photo, and one of those who
        are to be blurred, for all that is known."""
        boxes = [face[1:] for face in self._timeline.hidden if face[0] == photo]
        return np.array(boxes, np.float32).reshape(-1, 4)
