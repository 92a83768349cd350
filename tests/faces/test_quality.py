from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.faces.quality import (
    LEAST_QUALITY,
    RANGES,
    Measures,
    Range,
    inside,
    look,
    measure,
    quality,
    surety,
)
from fer_batch.types import FloatArray, Image
from tests.test_pose import SIDES, seen

SEEDS = st.integers(0, 2**32 - 1)
PICTURE = np.array([[600.0, 600.0]])


def crop(seed: int) -> Image:
    """A crop ``uint8[1, 48, 48]`` with as much detail as a sharp face has."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.random((6, 6)), (48, 48), interpolation=cv2.INTER_CUBIC)
    fine = cv2.GaussianBlur(rng.random((48, 48)), (0, 0), 1.0)
    grey = 120 + 60 * (coarse - coarse.mean()) + 160 * (fine - fine.mean())
    return np.clip(grey, 20, 230).astype(np.uint8)[None]


def measured(
    crops: Image, landmarks: FloatArray | None = None, confidence: float = 0.92
) -> Measures:
    points = seen(5, 3, 0) if landmarks is None else landmarks
    count = len(crops)
    found = measure(
        look(crops),
        np.tile(np.float32([250, 250, 100, 120]), (count, 1)),
        np.tile(points, (count, 1, 1)),
        np.full(count, confidence, np.float32),
        np.tile(PICTURE, (count, 1)),
    )
    # The made-up crops show no face; what a real one looks like is tested below.
    return replace(found, upright=np.full(count, 0.3, np.float32))


def of(crops: Image, **given: object) -> float:
    return float(quality(measured(crops, **given))[0])  # type: ignore[arg-type]


@given(SEEDS)
@settings(max_examples=30)
def test_a_good_face_is_read_and_blur_ends_that(seed: int) -> None:
    sharp = crop(seed)
    blurred = {s: cv2.GaussianBlur(sharp[0], (0, 0), s)[None] for s in (1, 2, 6)}
    values = [of(sharp), of(blurred[1]), of(blurred[2])]
    assert values[0] > 0.9 and values == sorted(values, reverse=True)
    assert of(blurred[6]) < LEAST_QUALITY
    sharpness = [float(look(one)[0, 0]) for one in (sharp, *blurred.values())]
    assert sharpness[0] > 2 * sharpness[1] > 4 * sharpness[2] > 4 * sharpness[3]


@given(SEEDS)
@settings(max_examples=30)
def test_darkness_and_glare_end_it_too(seed: int) -> None:
    sharp = crop(seed)
    dark = [(sharp * gain).astype(np.uint8) for gain in (1, 0.3, 0.1, 0.03)]
    contrast = [float(look(one)[0, 1]) for one in dark]
    assert contrast == sorted(contrast, reverse=True)
    assert of(dark[0]) > 0.9 > LEAST_QUALITY > of(dark[-1])
    assert of(np.clip(sharp.astype(int) + 220, 0, 255).astype(np.uint8)) < LEAST_QUALITY


@given(SEEDS, st.floats(-70, 70), st.floats(-40, 40))
@settings(max_examples=30)
def test_a_mirror_image_has_the_same_quality(seed: int, yaw: float, pitch: float) -> None:
    points = seen(yaw, pitch, 0)
    mirrored = (points * [-1, 1] + [600, 0])[:, SIDES].astype(np.float32)
    here = of(crop(seed), landmarks=points)
    assert of(crop(seed)[:, :, ::-1], landmarks=mirrored) == pytest.approx(here, abs=5e-3)


@given(SEEDS, st.integers(1, 5))
@settings(max_examples=20)
def test_a_face_has_the_same_quality_whatever_comes_with_it(seed: int, others: int) -> None:
    crops = np.concatenate([crop(seed + i) for i in range(others + 1)])
    together = quality(measured(crops))
    for i, one in enumerate(crops):
        assert together[i] == pytest.approx(of(one[None]), abs=1e-5)


def test_a_turned_a_small_and_an_unsure_face_count_less() -> None:
    fine = crop(1)
    assert of(fine, landmarks=seen(85, 0, 0)) < LEAST_QUALITY < of(fine, landmarks=seen(40, 0, 0))
    small = (seen(0, 0, 0) - 300) / 24 + 300
    assert of(fine, landmarks=small.astype(np.float32)) < LEAST_QUALITY
    assert of(fine, confidence=0.6) < LEAST_QUALITY < of(fine, confidence=0.8)


def test_a_face_that_leans_by_40_degrees_is_usable() -> None:
    """The detector is 0.66 sure of such, landmarks show 21 degrees of it; most can be read."""
    unsure = measured(crop(1), confidence=0.66)
    leaning, upright = (replace(unsure, roll=np.float32([roll])) for roll in (21, 5))
    assert quality(leaning)[0] > LEAST_QUALITY > quality(upright)[0]


def test_a_detector_may_be_less_sure_of_faces_that_are_small_soft_or_tilted() -> None:
    """Of others it means that something hides them."""
    unsure = measured(crop(1), confidence=0.7)
    assert quality(unsure)[0] < LEAST_QUALITY
    for known in ({"size": 12.0}, {"sharpness": 0.05}, {"roll": -30.0}):
        (name, value) = next(iter(known.items()))
        told = replace(unsure, **{name: np.float32([value])})
        assert surety(told)[0] > RANGES["confidence"].half > surety(unsure)[0]
        assert quality(told)[0] > quality(unsure)[0]
    without = replace(unsure, roll=np.float32([np.nan]))
    assert surety(without)[0] == surety(unsure)[0]


def test_what_lies_outside_the_picture_is_not_there() -> None:
    points = seen(0, 0, 0)
    points -= points.mean(axis=1, keepdims=True)
    at = [points + shift for shift in (300, 0)]
    shares = inside(np.concatenate(at).astype(np.float32), np.tile(PICTURE, (2, 1)))
    np.testing.assert_allclose(shares, [1, 0.25], atol=0.01)


def test_a_crop_without_landmarks_is_judged_by_what_is_known() -> None:
    nowhere = np.full((1, 5, 2), np.nan, np.float32)
    found = measured(crop(3), landmarks=nowhere)
    assert float(found.size[0]) == pytest.approx(np.sqrt(100 * 120))
    assert np.isnan(found.yaw[0]) and quality(found)[0] > 0.9


@pytest.mark.parametrize("name", RANGES)
def test_each_property_alone_can_make_a_face_unusable(name: str) -> None:
    good = measured(crop(2))
    at_half = replace(good, **{name: np.float32([RANGES[name].half])})
    assert quality(good)[0] > 0.9
    assert quality(at_half)[0] <= 0.5 + 1e-6


@given(st.floats(0.1, 10), st.floats(1.1, 5), st.booleans())
def test_a_range_is_worth_half_and_all_at_its_marks(half: float, times: float, ratio: bool) -> None:
    one = Range(half, half * times, ratio)
    marks = np.array([0, half, half * times, 1e6, np.nan])
    found = one.score(marks)
    np.testing.assert_allclose(found[1:], [0.5, 1, 1, 1], atol=1e-5)
    assert 0 <= found[0] <= 0.5


def test_nobody_has_no_quality() -> None:
    none = np.zeros((0, 48, 48), np.uint8)
    assert quality(measured(none, landmarks=np.zeros((0, 5, 2), np.float32))).shape == (0,)
