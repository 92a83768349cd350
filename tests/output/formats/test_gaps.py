"""Episodes without a face or that cannot be decoded."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from fer_batch.output.formats.gaps import GAPS, gaps
from fer_batch.types import FrameStatus, Timeline
from tests.output.timelines import timeline, timelines


def test_gaps_last_to_the_next_frame_that_was_analysed() -> None:
    found = gaps(timeline("h..s..", status="  x-"))
    assert [(g.status, g.start_frame, g.stop_frame) for g in found] == [
        (FrameStatus.NO_FACE, 1, 2),
        (FrameStatus.DECODE_ERROR, 2, 3),
        (FrameStatus.NO_FACE, 4, 6),
    ]
    assert np.allclose([g.stop_s for g in found], [0.2, 0.4, 0.6])


def test_skipped_frames_do_not_end_a_gap() -> None:
    (found,) = gaps(timeline("......", status="  - -"))
    assert (found.start_frame, found.stop_frame) == (0, 6)


@given(timelines())
def test_gaps_cover_just_the_frames_of_their_status(made: Timeline) -> None:
    covered = np.zeros(len(made), dtype=int)
    for gap in gaps(made):
        assert gap.status in GAPS
        inside = np.arange(gap.start_frame, gap.stop_frame)
        own = inside[made.status[inside] != FrameStatus.SKIPPED]
        assert (made.status[own] == gap.status).all()
        assert gap.start_s <= gap.stop_s
        covered[own] += 1
    assert (covered == np.isin(made.status, GAPS)).all()
