"""What analyzers share: frames that are glimpsed at as they come, and faces that become columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from fer_batch.faces.align import APPEARANCE_SIDE
from fer_batch.faces.quality import LOOKS, measure, quality
from fer_batch.media.source import FrameSource
from fer_batch.pipeline.detect import NOTHING
from fer_batch.pipeline.glimpses import Glimpses
from fer_batch.pipeline.progress import Timings
from fer_batch.pipeline.views import Keeper
from fer_batch.types import Detections, Faces, FloatArray, Frame, HalfArray, IntArray, Segment

Read = tuple[HalfArray, FloatArray, FloatArray, FloatArray]
"""Of some faces: appearance, looks (``quality.look``), probabilities, and what a second network
adds to them (``Faces.added``)."""


@dataclass(slots=True)
class Collected:
    """What becomes the columns of Faces."""

    status: list[int] = field(default_factory=list)
    frame: list[int] = field(default_factory=list)
    found: list[Detections] = field(default_factory=list)
    picture: list[tuple[float, float]] = field(default_factory=list)

    def view(
        self,
        keeper: Keeper,
        frame: Frame,
        found: Detections,
        glimpses: Glimpses,
        analysed: IntArray,
        timings: Timings,
    ) -> None:
        """Show ``keeper`` the faces of a frame, before they are added. ``analysed``: the frames of
        the source that are."""
        with timings.stage("views"):
            # Counted as if there were no others, so that windows do not depend on them.
            counted = replace(frame, index=int(analysed.searchsorted(frame.index)))
            keeper.see(counted, glimpses.at(frame.index), found, len(self.frame))

    def add(self, frame: Frame, found: Detections) -> None:
        """The faces of a frame, in its pixels; they are kept in pixels of the source."""
        self.frame += [frame.index] * len(found)
        self.found.append(_in_source_pixels(found, frame.scale))
        size = (frame.width * frame.scale, frame.height * frame.scale)
        self.picture += [size] * len(found)

    def faces(self, segment: Segment, labels: int, read: Iterable[Read]) -> Faces:
        """All that was collected. ``read``: what was read of as many faces as were added, in their
        order."""
        found = self.found or [NOTHING]
        widths = (APPEARANCE_SIDE**2, LOOKS, labels, labels)
        empty = [np.empty((0, width), np.float32) for width in widths]
        none = (empty[0].astype(np.float16), *empty[1:])
        parts = map(np.concatenate, zip(none, *read, strict=True))
        appearances, looks, probabilities, added = parts
        box = np.concatenate([f.box for f in found])
        landmarks = np.concatenate([f.landmarks for f in found])
        confidence = np.concatenate([f.confidence for f in found])
        picture = np.array(self.picture, np.float32).reshape(-1, 2)
        return Faces(
            start=segment.start,
            status=np.array(self.status, np.int64),
            frame=np.array(self.frame, np.int64),
            box=box,
            confidence=confidence,
            landmarks=landmarks,
            appearance=appearances,
            probabilities=probabilities,
            added=added,
            quality=quality(measure(looks, box, landmarks, confidence, picture)),
        )


def glimpsed(
    source: FrameSource, start: int, stop: int, glimpses: Glimpses, timings: Timings
) -> Iterator[Frame]:
    """Frames ``start`` to ``stop - 1`` as they are decoded; all have been glimpsed at."""
    frames = source.frames(start, stop)
    while True:
        with timings.stage("decode"):
            frame = next(frames, None)
        if frame is None:
            return
        with timings.stage("glimpse"):
            glimpses.add(frame)
        yield frame


def _in_source_pixels(found: Detections, scale: float) -> Detections:
    """Faces of a photo that was shrunk while it was decoded, in pixels of the photo."""
    if scale == 1.0:
        return found
    return Detections(found.box * scale, found.confidence, found.landmarks * scale)
