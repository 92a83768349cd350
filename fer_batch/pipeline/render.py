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
from fer_batch.media.encode import PartWriter
from fer_batch.media.pictures import jpeg
from fer_batch.media.source import FrameSource
from fer_batch.pipeline.draw import Drawer
from fer_batch.pipeline.prefetch import Prefetch, frames_ahead
from fer_batch.pipeline.progress import Pulse, Report, ShouldCancel, Timings, never, unreported
from fer_batch.pipeline.snapshots import MOMENT_WIDTH, SnapshotWriter, WantedSnapshots
from fer_batch.types import Frame, Image, Segment, Timeline

if TYPE_CHECKING:
    from fer_batch.config import RunSettings


def render_segment(
    source: FrameSource,
    segment: Segment,
    timeline: Timeline,
    settings: RenderSettings,
    keep: WantedSnapshots,
    part: Path | None,
    kept: Path,
    timings: Timings,
    run: RunSettings,
    report: Report = unreported,
    should_cancel: ShouldCancel = never,
    whole: bool = False,
) -> None:
    """Write the annotated pictures of a segment to ``part`` (MP4) and snapshots to ``kept`` (zip).

    The part of an only segment is the whole film with its sound. ``whole``: each frame is kept as a
    picture of its own, too. Else only the frames that ``keep`` names are drawn without ``part``.
    Both files appear whole or not at all. Decoding, drawing and encoding run side by side, a few
    frames apart.

    Raises:
        Cancelled: ``should_cancel`` said so.
    """
    pulse = Pulse(report, should_cancel)
    with ExitStack() as stack:
        kept_path = stack.enter_context(atomic_path(kept))
        snapshots = SnapshotWriter(stack.enter_context(zipfile.ZipFile(kept_path, "w")))
        drawer = Drawer(source.info, timeline, settings, timings)
        album = _Album(timeline, settings, keep, snapshots, timings)
        album.whole = whole
        if part is None:
            every = source.frames(segment.start, segment.stop)
            for frame in every if whole else _only(source, segment, keep.frames):
                album.draw(frame, drawer)
                pulse.beat()
        else:
            part_path = stack.enter_context(atomic_path(part))
            video = stack.enter_context(ExitStack())
            frames = _timed(source.frames(segment.start, segment.stop), timings)
            ahead = frames_ahead(source.info.width, source.info.height)
            decoded = video.enter_context(Prefetch(frames, ahead))
            writer = video.enter_context(
                PartWriter(part_path, source.info, segment, settings, run.threads)
            )
            drawn = ((frame.index, album.draw(frame, drawer)) for frame in decoded)
            for index, picture in video.enter_context(Prefetch(drawn, ahead)):
                with timings.stage("encode"):
                    writer.write(index, picture)
                pulse.beat()
            video.close()
            snapshots.warnings(writer.warnings)
    # Only now: whoever stops here finds the segment whole.
    pulse.flush()


def _timed(frames: Iterator[Frame], timings: Timings) -> Iterator[Frame]:
    while True:
        with timings.stage("decode_again"):
            frame = next(frames, None)
        if frame is None:
            return
        yield frame


def _only(source: FrameSource, segment: Segment, frames: frozenset[int]) -> Iterator[Frame]:
    """Just those frames of the segment, run by run."""
    inside = np.array(sorted(f for f in frames if segment.start <= f < segment.stop), np.int64)
    for run in np.split(inside, np.flatnonzero(np.diff(inside) > 1) + 1):
        if len(run):
            yield from source.frames(int(run[0]), int(run[-1]) + 1)


class _Album:
    """Keeps small pictures of frames that are wanted; ``whole``: of every frame in full size."""

    def __init__(
        self,
        timeline: Timeline,
        settings: RenderSettings,
        keep: WantedSnapshots,
        snapshots: SnapshotWriter,
        timings: Timings,
    ) -> None:
        self._timeline, self._blurred = timeline, settings.blurs
        self._keep, self._snapshots, self._timings = keep, snapshots, timings
        self.whole = False

    def draw(self, frame: Frame, drawer: Drawer) -> Image:
        """The frame as ``drawer`` draws it. People are kept as they are, or blurred."""
        if frame.image is None:
            return drawer.draw(frame)
        if not self._blurred:
            self._people(frame)
        picture = drawer.draw(frame)
        if self._blurred:
            self._people(frame)
        with self._timings.stage("keep"):
            if frame.index in self._keep.moments:
                self._snapshots.jpeg("moment", frame.index, jpeg(frame, MOMENT_WIDTH))
            if self.whole:
                self._snapshots.jpeg("image", frame.index, jpeg(frame))
        return picture

    def _people(self, frame: Frame) -> None:
        timeline = self._timeline
        with self._timings.stage("keep"):
            self._snapshots.people(frame, timeline, self._keep.people, timeline.face_id)
