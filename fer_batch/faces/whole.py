"""No detection: each picture is one face, for folders of crops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_batch.types import Detections, Frame


class WholeImage:
    """Takes the whole picture as one face, without landmarks (NaN)."""

    name = "none"
    sha256 = ""
    runtime = ""

    def detect(self, frame: Frame) -> Detections:
        """One face as large as the picture."""
        box = np.array([[0, 0, frame.width, frame.height]], np.float32)
        landmarks = np.full((1, 5, 2), np.nan, np.float32)
        return Detections(box, np.ones(1, np.float32), landmarks)

    def detect_many(self, frames: Sequence[Frame]) -> list[Detections]:
        """See ``Detector``."""
        return [self.detect(frame) for frame in frames]
