from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.config import RenderSettings
from fer_batch.output.moments import MAX_S, pick_moments, sample_frames
from fer_batch.types import Timeline
from tests.output.timelines import timeline, timelines


def test_a_long_neutral_video_is_cut_to_its_expressions() -> None:
    made = timeline("n" * 100 + "h" * 20 + "n" * 200 + "s" * 20 + "n" * 100)
    moments = pick_moments(made)
    assert {m.emotion for m in moments} == {"happy", "sad"}
    shown = {i for m in moments for i in range(m.start_frame, m.stop_frame)}
    assert shown & set(range(100, 120))
    assert shown & set(range(320, 340))


def test_a_short_video_is_shown_whole() -> None:
    (moment,) = pick_moments(timeline("nnhhss"))
    assert (moment.start_frame, moment.stop_frame) == (0, 6)


def test_without_faces_the_beginning_is_shown() -> None:
    (moment,) = pick_moments(timeline("." * 100))
    assert (moment.start_frame, moment.face_id, moment.emotion) == (0, -1, "")
    assert moment.seconds == pytest.approx(3.0)


def test_a_given_range_replaces_the_choice() -> None:
    made = timeline("n" * 50 + "h" * 50)
    (moment,) = pick_moments(made, RenderSettings(gif_range=(1.0, 2.0)))
    assert (moment.start_frame, moment.stop_frame) == (10, 20)


def test_a_given_range_is_capped_and_may_lie_outside() -> None:
    made = timeline("h" * 300)
    (moment,) = pick_moments(made, RenderSettings(gif_range=(5.0, 25.0)))
    assert moment.seconds <= MAX_S
    assert pick_moments(made, RenderSettings(gif_range=(100.0, 110.0))) == []


@given(timelines(max_frames=300), st.floats(0.5, 10))
def test_moments_are_apart_in_order_and_short(made: Timeline, max_s: float) -> None:
    moments = pick_moments(made, max_s=max_s)
    assert moments == pick_moments(made, max_s=max_s)
    assert bool(moments) == bool(len(made))
    assert sum(m.seconds for m in moments) <= max_s + 1e-6
    for before, after in pairwise(moments):
        assert before.stop_frame <= after.start_frame
    for moment in moments:
        assert 0 <= moment.start_frame <= moment.key_frame < moment.stop_frame <= len(made)
        assert moment.key_s == made.time_s[moment.key_frame]


@given(timelines(max_frames=200), st.sampled_from([5.0, 10.0, 25.0]))
def test_samples_stay_inside_their_moment(made: Timeline, fps: float) -> None:
    for moment in pick_moments(made):
        frames = sample_frames(made, moment, fps)
        assert frames == sorted(frames)
        assert frames
        assert set(frames) <= set(range(moment.start_frame, moment.stop_frame))


def test_samples_follow_time_not_frame_numbers() -> None:
    made = timeline("h" * 6, time_s=np.array([0, 0.1, 0.2, 0.7, 0.8, 0.9]))
    (moment,) = pick_moments(made)
    assert sample_frames(made, moment, 10) == [0, 1, 2, 2, 2, 2, 2, 3, 4, 5]
