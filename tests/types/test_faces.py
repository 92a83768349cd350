"""Faces of pictures and of shards."""

from __future__ import annotations

import numpy as np
import pytest

from fer_batch.types import Detections, Faces, Segment


def test_segments_and_faces_are_half_open_ranges() -> None:
    assert len(Segment(1, 8, 20)) == 12
    none = np.empty(0, np.int64)
    arrays = [np.empty(shape, np.float32) for shape in ((0, 4), 0, (0, 5, 2), (0, 9), (0, 3))]
    arrays[3] = arrays[3].astype(np.float16)
    assert Faces(8, np.zeros(12, np.int64), none, *arrays).stop == 20


def test_columns_of_unequal_length_are_refused() -> None:
    box, confidence, landmarks = (np.zeros(s, np.float32) for s in ((2, 4), 2, (2, 5, 2)))
    assert len(Detections(box, confidence, landmarks)) == 2
    for wrong in (
        (box[:1], confidence, landmarks),
        (box, confidence[:1], landmarks),
        (box, confidence, landmarks[:, :4]),
    ):
        with pytest.raises(ValueError, match=r"Detections\.\w+: is float32"):
            Detections(*wrong)
