"""A detector that keeps only the largest faces of each picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_batch.faces.detector import Detector
from fer_batch.types import Detections, Frame


class Largest:
    """Hands frames on to ``detector`` and keeps at most ``count`` of its faces, by area of their
    boxes; their order stays."""

    def __init__(self, detector: Detector, count: int) -> None:
        self._detector, self._count = detector, count
        self.name, self.sha256, self.runtime = detector.name, detector.sha256, detector.runtime

    def detect(self, frame: Frame) -> Detections:
        """See ``Detector``."""
        return largest(self._detector.detect(frame), self._count)

    def detect_many(self, frames: Sequence[Frame]) -> list[Detections]:
        """See ``Detector``."""
        return [largest(found, self._count) for found in self._detector.detect_many(frames)]


def largest(found: Detections, count: int) -> Detections:
    """At most ``count`` of the faces, those with the largest boxes; their order stays."""
    if len(found) <= count:
        return found
    area = found.box[:, 2] * found.box[:, 3]
    keep = np.sort(np.argsort(-area, kind="stable")[:count])
    return Detections(found.box[keep], found.confidence[keep], found.landmarks[keep])
