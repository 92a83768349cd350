from __future__ import annotations

import numpy as np
import pytest

from fer_batch.config import RenderSettings
from fer_batch.output.draw.anonymise import unseen_boxes
from fer_batch.output.draw.overlay import Overlay
from tests.output.timelines import FER3, timeline


def made(*people: str, **changes: object):
    """A timeline whose boxes tell the frame (x) and the person (y)."""
    plain = timeline(*people, **changes)
    plain.box[:, 0], plain.box[:, 1] = plain.frame, plain.face_id
    return plain


def places(boxes: np.ndarray) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in boxes[:, :2]]


def test_who_is_found_is_not_unseen() -> None:
    assert places(unseen_boxes(made("hhhhh"), 2)) == []


def test_a_short_miss_is_covered_from_both_sides() -> None:
    assert places(unseen_boxes(made("hh.hh"), 2)) == [(1, 1), (3, 1)]


def test_each_person_counts_alone() -> None:
    assert places(unseen_boxes(made("hh.hh", "hhhhh"), 2)) == [(1, 1), (3, 1)]
    assert places(unseen_boxes(made("hh...", "...hh"), 2)) == [(1, 1), (3, 2)]


def test_who_is_long_gone_is_not_blurred() -> None:
    assert places(unseen_boxes(made("h......"), 2)) == [(0, 1)]
    assert places(unseen_boxes(made("h......"), 3)) == []


def test_skipped_frames_reach_to_the_analysed_ones() -> None:
    far = made("h.........h", status=".---------")
    assert [places(unseen_boxes(far, i)) for i in (1, 5, 9)] == [[(0, 1), (10, 1)]] * 3
    end = made("h....", status=".----")
    assert places(unseen_boxes(end, 4)) == [(0, 1)]


def test_nobody() -> None:
    assert unseen_boxes(made("..."), 1).shape == (0, 4)


@pytest.mark.parametrize("blur", [False, True])
def test_the_overlay_blurs_them_where_faces_are_blurred(blur: bool) -> None:
    image = np.random.default_rng(0).integers(16, 236, (540, 640), dtype=np.uint8)
    drawn = image.copy()
    Overlay(FER3, 640, 360, RenderSettings(blur_faces=blur)).draw(
        drawn, np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros((0, 3), np.float32),
        np.float32([[200, 100, 80, 90]]),
    )  # fmt: skip
    assert (drawn != image).any() == blur
