"""Faces laid on the template: transforms are exact, crops show the right pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.faces.align import appearance, crop_faces, similarity
from fer_batch.types import Detections, FloatArray, Frame, Image

quick = settings(max_examples=60)
SIZE = 48
TEMPLATE = np.array([[14, 19], [33, 19], [24, 28], [16, 37], [31, 37]], np.float32)
seeds = st.integers(0, 2**32 - 1)


def turned(
    points: np.ndarray, scale: float, angle: float, shift: tuple[float, float]
) -> FloatArray:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points @ turn.T + shift).astype(np.float32)


def applied(transform: FloatArray, points: np.ndarray) -> np.ndarray:
    return points @ transform[:, :2].T + transform[:, 2]


def one_face(landmarks: FloatArray, box: tuple[float, float, float, float]) -> Detections:
    return Detections(
        np.array([box], np.float32), np.ones(1, np.float32), landmarks[None].astype(np.float32)
    )


def scene(side: int, seed: int = 3) -> Image:
    """A smooth picture, the same at every size: luma ``uint8[side, side]`` in video range."""
    small = np.random.default_rng(seed).uniform(16, 235, (9, 9)).astype(np.float32)
    # Sampled so that a point keeps its place: pixel centres at halves.
    return (
        np.rint(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC))
        .clip(16, 235)
        .astype(np.uint8)
    )


def frame_of(luma: Image, full_range: bool = False) -> Frame:
    h, w = luma.shape
    image = np.concatenate([luma, np.full((h // 2, w), 128, np.uint8)])
    return Frame(0, 0, image, w, h, full_range)


@quick
@given(
    st.floats(0.05, 20), st.floats(-np.pi, np.pi), st.floats(-2000, 2000), st.floats(-2000, 2000)
)
def test_any_similarity_is_recovered(scale: float, angle: float, x: float, y: float) -> None:
    landmarks = turned(TEMPLATE, scale, angle, (x, y))
    found = similarity(landmarks, TEMPLATE)
    assert found.shape == (2, 3) and found.dtype == np.float32
    # float32 holds 2000 to a ten-thousandth; small faces magnify that.
    assert applied(found, landmarks) == pytest.approx(TEMPLATE, abs=2e-3 + 1e-2 / scale)
    assert np.hypot(*found[:, 0]) == pytest.approx(1 / scale, rel=2e-2)


@quick
@given(seeds)
def test_it_turns_and_scales_but_never_mirrors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    landmarks = rng.uniform(0, 300, (5, 2)).astype(np.float32)
    a = similarity(landmarks, TEMPLATE)[:, :2]
    assert a[0, 0] == a[1, 1] and a[0, 1] == -a[1, 0]
    assert np.linalg.det(a) >= 0
    mirrored = TEMPLATE * np.float32([-1, 1])
    assert np.linalg.det(similarity(mirrored, TEMPLATE)[:, :2]) >= 0


@quick
@given(seeds, st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.floats(-2, 2), st.floats(-2, 2))
def test_no_other_similarity_fits_better(
    seed: int, da: float, db: float, dx: float, dy: float
) -> None:
    landmarks = np.random.default_rng(seed).uniform(0, 300, (5, 2))
    best = similarity(landmarks.astype(np.float32), TEMPLATE).astype(np.float64)
    other = best + np.array([[da, -db, dx], [db, da, dy]])

    def error(transform: np.ndarray) -> float:
        return float(((applied(transform, landmarks) - TEMPLATE) ** 2).sum())

    assert error(best) <= error(other) + 1e-2


def test_a_face_on_the_template_is_cropped_as_it_is() -> None:
    luma = scene(SIZE)
    crop = crop_faces(frame_of(luma, True), one_face(TEMPLATE, (0, 0, 48, 48)), TEMPLATE, SIZE)
    assert crop.shape == (1, SIZE, SIZE) and crop.dtype == np.uint8
    assert (crop[0] == luma).all()


@pytest.mark.parametrize("factor", [1.5, 2.0, 3.0, 4.0, 7.5, 12.0])
def test_large_faces_are_averaged_down_in_place(factor: float) -> None:
    """A face ``factor`` times as large gives the same crop, not one shifted by a pixel."""
    side = round(96 * factor)
    reference = scene(96)
    # Pixel centres lie at halves: landmark p of one size is (p + 1/2) f - 1/2 of the other.
    inside = TEMPLATE + 20
    large = (inside + 0.5) * np.float32(side / 96) - 0.5
    frames = frame_of(reference, True), frame_of(scene(side), True)
    one = crop_faces(frames[0], one_face(inside, (20, 20, 48, 48)), TEMPLATE, SIZE)[0]
    other = crop_faces(frames[1], one_face(large, (0, 0, side, side)), TEMPLATE, SIZE)[0]
    difference = np.abs(one.astype(int) - other)
    shifted = np.abs(one[:, 1:].astype(int) - one[:, :-1]).mean()
    assert difference.mean() < 0.15 * shifted, (difference.mean(), shifted)


def test_turned_faces_come_upright() -> None:
    luma = scene(96)
    centre = (47.5, 47.5)
    matrix = cv2.getRotationMatrix2D(centre, 30, 1.0)
    rotated = cv2.warpAffine(luma, matrix, (96, 96), borderMode=cv2.BORDER_REPLICATE)
    inside = TEMPLATE + 24
    moved = (inside @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    one = crop_faces(frame_of(luma), one_face(inside, (24, 24, 48, 48)), TEMPLATE, SIZE)
    other = crop_faces(frame_of(rotated), one_face(moved, (24, 24, 48, 48)), TEMPLATE, SIZE)
    assert np.abs(one.astype(int) - other).mean() < 2


def test_video_range_is_stretched_to_full_range() -> None:
    luma = np.full((64, 64), 16, np.uint8)
    luma[:, 32:] = 235
    face = one_face(TEMPLATE, (0, 0, 48, 48))
    assert set(np.unique(crop_faces(frame_of(luma), face, TEMPLATE, SIZE))) == {0, 255}
    assert set(np.unique(crop_faces(frame_of(luma, True), face, TEMPLATE, SIZE))) == {16, 235}


def test_a_face_partly_outside_repeats_the_edge() -> None:
    luma = np.full((64, 64), 100, np.uint8)
    crop = crop_faces(
        frame_of(luma, True), one_face(TEMPLATE - 30, (-30, -30, 48, 48)), TEMPLATE, SIZE
    )
    assert (crop == 100).all()


def test_without_landmarks_the_box_is_the_face() -> None:
    luma = np.zeros((100, 120), np.uint8)
    luma[20:68, 30:78] = scene(48)
    nowhere = np.full((5, 2), np.nan, np.float32)
    crop = crop_faces(frame_of(luma, True), one_face(nowhere, (30, 20, 48, 48)), TEMPLATE, SIZE)
    assert (crop[0] == scene(48)).all()


def test_many_faces_or_none() -> None:
    frame = frame_of(scene(96), True)
    nothing = np.empty(0, np.float32)
    none = Detections(nothing.reshape(0, 4), nothing, nothing.reshape(0, 5, 2))
    assert crop_faces(frame, none, TEMPLATE, SIZE).shape == (0, SIZE, SIZE)
    landmarks = np.stack([TEMPLATE + 5, TEMPLATE + 40])
    two = Detections(np.zeros((2, 4), np.float32), np.ones(2, np.float32), landmarks)
    both = crop_faces(frame, two, TEMPLATE, SIZE)
    for i in range(2):
        alone = crop_faces(frame, one_face(landmarks[i], (0, 0, 1, 1)), TEMPLATE, SIZE)
        assert (alone[0] == both[i]).all()


def test_appearance_tells_faces_apart_and_not_their_light() -> None:
    crops = np.stack([scene(SIZE, 1), scene(SIZE, 2), scene(SIZE, 1) // 2 + 60])
    looks = appearance(crops)
    assert looks.shape == (3, 144) and looks.dtype == np.float16
    assert np.linalg.norm(looks, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    similarity = looks @ looks.T
    assert similarity[0, 2] > 0.99
    assert similarity[0, 1] < 0.6
    assert appearance(crops[:0]).shape == (0, 144)
    # A flat crop has no look at all; it must not become NaN.
    assert (appearance(np.full((1, SIZE, SIZE), 77, np.uint8)) == 0).all()
