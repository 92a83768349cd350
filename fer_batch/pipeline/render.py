"""One segment drawn: decode, draw into the planes, encode; small pictures are kept on the way."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_batch.atomic import atomic_path
from fer_batch.config import RenderSettings
from fer_batch.media import planes
from fer_batch.media.encode import PartWriter, output_size
from fer_batch.media.pictures import jpeg, portrait
from fer_batch.media.source import FrameSource
from fer_batch.output.anonymise import unseen_boxes
from fer_batch.output.gif import small_rgb
from fer_batch.output.overlay import Overlay
from fer_batch.pipeline.keepsakes import (
    FACE_SIDE,
    MOMENT_WIDTH,
    KeepsakeWriter,
    Wanted,
    wanted,
)
from fer_batch.pipeline.prefetch import Prefetch
from fer_batch.pipeline.progress import Pulse, Report, ShouldCancel, Timings, never, unreported
from fer_batch.types import Frame, FrameStatus, Image, Segment, SourceInfo, Timeline

if TYPE_CHECKING:
    from fer_batch.config import RunSettings

# Frames that wait between one stage and the next; at 4K one takes 12 MB.
FRAMES_AHEAD = 8


def render_segment(
    source: FrameSource,
    segment: Segment,
    timeline: Timeline,
    settings: RenderSettings,
    part: Path | None,
    kept: Path,
    timings: Timings,
    run: RunSettings,
    report: Report = unreported,
    should_cancel: ShouldCancel = never,
) -> None:
    """Write the annotated pictures of a segment to ``part`` (MP4) and keepsakes to ``kept`` (zip).

    Without ``part`` only the frames that are kept are drawn. Both files appear whole or not at all.

    Raises:
        Cancelled: ``should_cancel`` said so.
    """
    pulse = Pulse(report, should_cancel)
    keep = wanted(timeline, settings)
    with ExitStack() as stack:
        kept_path = stack.enter_context(atomic_path(kept))
        keepsakes = KeepsakeWriter(stack.enter_context(zipfile.ZipFile(kept_path, "w")))
        drawer = _Drawer(source.info, timeline, settings, keep, keepsakes, timings)
        if part is None:
            _only_kept(source, segment, drawer, pulse)
            return
        part_path = stack.enter_context(atomic_path(part))
        writer = stack.enter_context(PartWriter(part_path, source.info, settings, run.threads))
        frames = _timed(source.frames(segment.start, segment.stop), timings)
        decoded = stack.enter_context(Prefetch(frames, FRAMES_AHEAD))
        pictures = ((frame.index, drawer.draw(frame)) for frame in decoded)
        for index, picture in stack.enter_context(Prefetch(pictures, FRAMES_AHEAD)):
            with timings.stage("encode"):
                writer.write(index, picture)
            pulse.beat()
    pulse.flush()


def _timed(frames: Iterator[Frame], timings: Timings) -> Iterator[Frame]:
    while True:
        with timings.stage("decode_again"):
            frame = next(frames, None)
        if frame is None:
            return
        yield frame


def _only_kept(source: FrameSource, segment: Segment, drawer: _Drawer, pulse: Pulse) -> None:
    """Draw just the frames that are kept, run by run."""
    needed = np.array(sorted(drawer.needed(segment)), np.int64)
    for run in np.split(needed, np.flatnonzero(np.diff(needed) > 1) + 1):
        if len(run):
            for frame in source.frames(int(run[0]), int(run[-1]) + 1):
                drawer.draw(frame)
                pulse.beat()
    pulse.flush()


class _Drawer:
    """Draws frames in order and keeps small pictures of those that are wanted."""

    def __init__(
        self,
        info: SourceInfo,
        timeline: Timeline,
        settings: RenderSettings,
        keep: Wanted,
        keepsakes: KeepsakeWriter,
        timings: Timings,
    ) -> None:
        self._info, self._timeline, self._settings = info, timeline, settings
        self._keep, self._keepsakes, self._timings = keep, keepsakes, timings
        self._size = output_size(info)
        self._overlays: dict[tuple[int, int], Overlay] = {}
        self._last: Image | None = None

    def needed(self, segment: Segment) -> set[int]:
        """Frames of the segment that are kept for anything."""
        if self._info.kind == "images":
            return set(range(segment.start, segment.stop))
        return {f for f in self._keep.frames if segment.start <= f < segment.stop}

    def draw(self, frame: Frame) -> Image:
        """The annotated picture ``uint8[h * 3 // 2, w]`` in the size of the output."""
        if frame.image is None:
            return self._undecoded(frame)
        timeline, image = self._timeline, frame.image
        faces = timeline.faces_at(self._shown(frame.index))
        unseen = unseen_boxes(timeline, frame.index) if self._settings.blur_faces else None
        with self._timings.stage("keep"):
            if not self._settings.blur_faces:
                self._keep_people(frame)
        overlay = self._overlay(image, frame.full_range)
        with self._timings.stage("draw"):
            overlay.draw(
                image,
                timeline.box[faces],
                timeline.face_id[faces],
                timeline.smoothed[faces],
                unseen,
            )
        with self._timings.stage("keep"):
            if self._settings.blur_faces:
                self._keep_people(frame)
            self._keep_picture(frame, image)
        self._last = planes.fit(image, *self._size)
        return self._last

    def _shown(self, frame: int) -> int:
        """The frame whose faces are drawn: with ``--every`` the last one that was analysed."""
        video = self._info.kind == "video"
        while video and frame > 0 and self._timeline.status[frame] == FrameStatus.SKIPPED:
            frame -= 1
        return frame

    def _overlay(self, image: Image, full_range: bool) -> Overlay:
        """Images of a folder differ in size; each size has its own overlay."""
        size = (image.shape[1], image.shape[0] * 2 // 3)
        if size not in self._overlays:
            self._overlays[size] = Overlay(
                self._timeline.labels, *size, self._settings, full_range=full_range
            )
        return self._overlays[size]

    def _undecoded(self, frame: Frame) -> Image:
        """The last picture again, marked; black where there was none."""
        if self._last is None:
            image = np.full((self._size[1] * 3 // 2, self._size[0]), 128, np.uint8)
            image[: self._size[1]] = 16
        else:
            image = self._last.copy()
        self._overlay(image, self._info.colour[0] == 2).draw_decode_error(image)
        if frame.index in self._keep.gif:
            self._keepsakes.rgb(frame.index, small_rgb(image, self._info.colour[0] == 2))
        return image

    def _keep_people(self, frame: Frame) -> None:
        for person in self._keep.people.get(frame.index, ()):
            rows = self._timeline.faces_at(frame.index)
            row = rows.start + int(np.flatnonzero(self._timeline.face_id[rows] == person)[0])
            data = portrait(frame, self._timeline.box[row], FACE_SIDE)
            self._keepsakes.jpeg("person", person, data)

    def _keep_picture(self, frame: Frame, image: Image) -> None:
        if frame.index in self._keep.gif:
            self._keepsakes.rgb(frame.index, small_rgb(image, frame.full_range))
        if frame.index in self._keep.moment:
            self._keepsakes.jpeg("moment", frame.index, jpeg(frame, MOMENT_WIDTH))
        if self._info.kind == "images":
            self._keepsakes.jpeg("image", frame.index, jpeg(frame))
