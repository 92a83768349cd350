"""Only the largest faces of a picture."""

from __future__ import annotations

import numpy as np
import pytest

from fer_batch.faces.largest import Largest
from fer_batch.types import Detections, Frame

AREAS = (20, 60, 10, 40)


class Four:
    """A ``Detector`` of four faces of different size."""

    name, sha256, runtime = "four", "1" * 64, "none"

    def detect(self, frame: Frame) -> Detections:
        box = np.array([[0, 0, area, 1] for area in AREAS], np.float32)
        confidence = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
        return Detections(box, confidence, np.zeros((4, 5, 2), np.float32))

    def detect_many(self, frames):  # type: ignore[no-untyped-def]
        return [self.detect(frame) for frame in frames]


@pytest.mark.parametrize(
    ("count", "kept"), [(1, [60]), (2, [60, 40]), (3, [20, 60, 40]), (9, AREAS)]
)
def test_the_largest_stay_in_their_order(count: int, kept: list[int]) -> None:
    detector = Largest(Four(), count)
    frame = Frame(0, 0, None)
    assert detector.detect(frame).box[:, 2].tolist() == list(kept)
    (found,) = detector.detect_many([frame])
    assert found.box[:, 2].tolist() == list(kept)
    assert (detector.name, detector.sha256) == ("four", "1" * 64)
