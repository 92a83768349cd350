"""Overlap of boxes, agreement of detections, and what lies between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.faces.interpolate import AGREEING_IOU, agree, between, iou
from fer_batch.types import Detections

quick = settings(max_examples=60)
sides = st.integers(1, 300)
places = st.integers(-50, 500)
boxes = st.lists(st.tuples(places, places, sides, sides), min_size=1, max_size=6).map(
    lambda found: np.array(found, np.float32)
)


def detections(box: np.ndarray, seed: int = 0) -> Detections:
    rng = np.random.default_rng(seed)
    n = len(box)
    return Detections(
        box.astype(np.float32),
        rng.uniform(0.6, 1, n).astype(np.float32),
        rng.uniform(0, 300, (n, 5, 2)).astype(np.float32),
    )


def apart(n: int, seed: int) -> Detections:
    """Faces that do not touch one another."""
    rng = np.random.default_rng(seed)
    box = np.array([[i * 100, rng.uniform(0, 50), *rng.uniform(40, 80, 2)] for i in range(n)])
    return detections(box.reshape(-1, 4), seed)


@quick
@given(boxes, boxes)
def test_iou_is_shared_over_united_pixels(a: np.ndarray, b: np.ndarray) -> None:
    found = iou(a, b)
    assert found.shape == (len(a), len(b))
    assert (found >= 0).all() and (found <= 1).all()
    assert pytest.approx(iou(b, a), abs=1e-6) == found.T
    for i, (x, y, w, h) in enumerate(a):
        for j, (p, q, r, s) in enumerate(b):
            wide = max(0.0, min(x + w, p + r) - max(x, p))
            high = max(0.0, min(y + h, q + s) - max(y, q))
            shared = wide * high
            assert found[i, j] == pytest.approx(shared / (w * h + r * s - shared), abs=1e-5)


@quick
@given(boxes)
def test_a_box_is_wholly_its_own(a: np.ndarray) -> None:
    assert np.diag(iou(a, a)) == pytest.approx(np.ones(len(a)))


@quick
@given(st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_the_same_faces_in_another_order_agree(n: int, seed: int) -> None:
    first = apart(n, seed)
    order = np.random.default_rng(seed).permutation(n)
    last = Detections(first.box[order], first.confidence[order], first.landmarks[order])
    match = agree(first, last)
    assert match == np.argsort(order).tolist()
    assert match is not None and (last.box[match] == first.box).all()


def test_another_number_of_faces_is_no_agreement() -> None:
    three, two = apart(3, 1), apart(2, 1)
    assert agree(three, two) is None and agree(two, three) is None
    assert agree(apart(0, 1), two) is None


def test_faces_must_overlap_enough() -> None:
    first = detections(np.array([[0, 0, 1000, 1000]]))
    # Shifted by a share s of its width, a box shares (1 - s) / (1 + s) with itself.
    border = 1000 * (1 - AGREEING_IOU) / (1 + AGREEING_IOU)
    assert agree(first, detections(np.array([[border - 1, 0, 1000, 1000]]))) == [0]
    assert agree(first, detections(np.array([[border + 1, 0, 1000, 1000]]))) is None


def test_where_one_face_could_be_either_there_is_no_agreement() -> None:
    first = detections(np.array([[0, 0, 100, 100], [2, 0, 100, 100]]))
    assert agree(first, first) is None


@quick
@given(st.integers(1, 5), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_between_is_a_straight_way(n: int, seed: int, share: float) -> None:
    first, last = apart(n, seed), apart(n, seed + 1)
    match = np.random.default_rng(seed).permutation(n).tolist()
    found = between(first, last, match, share)
    for name in ("box", "confidence", "landmarks"):
        a, b, c = (getattr(d, name) for d in (first, last, found))
        assert c.dtype == np.float32
        assert c == pytest.approx((1 - share) * a + share * b[match], abs=1e-3)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_between_begins_and_ends_with_what_was_detected(seed: int) -> None:
    first, last = apart(3, seed), apart(3, seed + 1)
    start, stop = (between(first, last, [2, 0, 1], share) for share in (0.0, 1.0))
    assert (start.box == first.box).all() and (start.landmarks == first.landmarks).all()
    assert stop.box == pytest.approx(last.box[[2, 0, 1]], abs=1e-4)
    assert stop.landmarks == pytest.approx(last.landmarks[[2, 0, 1]], abs=1e-4)
