"""What a video makes of a face: each step does what it says, and no more."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.training.data.degrade import (
    BLOCK,
    VIDEO,
    Ways,
    degrade,
    enlarge,
    gamma,
    jpeg,
    motion_blur,
    noisy,
    quantised_blocks,
    uneven_light,
)
from tests.training.made_faces import made_faces

FACE = made_faces(1, 0).images[0]
FLAT = np.full((48, 48), 120, np.uint8)
NOTHING = Ways(
    small=0,
    light_share=0,
    gamma_share=0,
    motion_share=0,
    blur_share=0,
    noise_share=0,
    jpeg_share=0,
    video_share=0,
)


def detail(image: np.ndarray) -> float:
    """How much of an image is fine structure: the variance of what a blur takes away."""
    grey = image.astype(np.float32)
    return float((grey - cv2.GaussianBlur(grey, (0, 0), 1.5)).var())


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from([16, 24, 48, 50]))
def test_any_draw_gives_an_image_of_the_same_size(seed: int, size: int) -> None:
    image = cv2.resize(FACE, (size, size))
    before = image.copy()
    rngs = [np.random.default_rng(seed) for _ in range(2)]
    first, again = (degrade(image, rng) for rng in rngs)
    assert first.shape == image.shape and first.dtype == np.uint8
    assert np.array_equal(first, again) and np.array_equal(image, before)


def test_without_any_step_nothing_changes() -> None:
    assert np.array_equal(degrade(FACE, np.random.default_rng(0), NOTHING), FACE)


@pytest.mark.parametrize("step", ["small", "motion_share", "blur_share"])
def test_few_pixels_and_blur_take_detail_away(step: str) -> None:
    only = replace(NOTHING, **{step: 1.0})
    drawn = [degrade(FACE, np.random.default_rng(seed), only) for seed in range(40)]
    assert np.mean([detail(image) for image in drawn]) < 0.5 * detail(FACE)


def test_most_draws_change_the_image_and_no_draw_makes_it_another_face() -> None:
    """The coarse picture stays, or there would be nothing to learn."""
    drawn = [degrade(FACE, np.random.default_rng(seed)) for seed in range(200)]
    assert np.mean([not np.array_equal(image, FACE) for image in drawn]) > 0.8
    coarse = [cv2.resize(i, (6, 6), interpolation=cv2.INTER_AREA).ravel() for i in (FACE, *drawn)]
    alike = [np.corrcoef(coarse[0], other)[0, 1] for other in coarse[1:]]
    assert np.median(alike) > 0.95 and np.quantile(alike, 0.05) > 0.7


def test_faces_are_enlarged_by_several_interpolations() -> None:
    small = cv2.resize(FACE, (17, 17), interpolation=cv2.INTER_AREA)
    ways = {enlarge(small, 48, np.random.default_rng(seed)).tobytes() for seed in range(60)}
    assert len(ways) == 5
    assert cv2.resize(small, (48, 48), interpolation=cv2.INTER_LINEAR).tobytes() in ways


@given(st.floats(2.0, 8.0), st.floats(0.0, 180.0))
def test_motion_blur_keeps_the_mean_and_follows_its_direction(length: float, angle: float) -> None:
    dot = np.zeros((49, 49), np.uint8)
    dot[24, 24] = 255
    blurred = motion_blur(dot, length, angle).astype(float)
    assert blurred.sum() == pytest.approx(255, abs=20)
    rows, columns = np.nonzero(blurred)
    turned = np.deg2rad(angle)
    along = np.abs((columns - 24) * np.cos(turned) + (rows - 24) * np.sin(turned))
    aside = np.abs((rows - 24) * np.cos(turned) - (columns - 24) * np.sin(turned))
    assert along.max() <= length / 2 + 1.5 and aside.max() <= 1.5


def test_light_and_gamma_change_brightness_and_keep_order() -> None:
    lit = uneven_light(FLAT, 0.6, np.random.default_rng(3)).astype(float)
    assert lit.max() / lit.min() <= np.exp(2 * 0.6) * 1.02 and lit.std() > 1
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(gamma(ramp, 0.0), ramp)
    for log_exponent in (-0.6, 0.6):
        curved = gamma(ramp, log_exponent).ravel().astype(int)
        assert (np.diff(curved) >= 0).all() and curved[0] == 0 and curved[-1] == 255
    assert gamma(ramp, -0.6).mean() > ramp.mean() > gamma(ramp, 0.6).mean()


def test_noise_has_the_deviation_that_was_asked_for() -> None:
    rough = noisy(np.full((200, 200), 128, np.uint8), 8.0, np.random.default_rng(0))
    assert rough.std() == pytest.approx(8, rel=0.05) and abs(rough.mean() - 128) < 0.2


def test_lower_quality_is_further_from_the_image() -> None:
    def distance(image: np.ndarray) -> float:
        return float(np.abs(image.astype(int) - FACE).mean())

    jpegs = [distance(jpeg(FACE, quality)) for quality in (95, 60, 20)]
    films = [distance(quantised_blocks(FACE, qp, np.array([0, 0]))) for qp in (10, 24, 36)]
    assert jpegs == sorted(jpegs) and films == sorted(films) and films[0] < 1.5


@given(
    st.floats(*VIDEO.quantiser),
    st.tuples(st.integers(0, BLOCK - 1), st.integers(0, BLOCK - 1)),
    st.integers(14, 48),
)
@settings(max_examples=40)
def test_blocks_of_any_grid_keep_size_and_flat_ground(
    quantiser: float, offset: tuple[int, int], size: int
) -> None:
    flat = quantised_blocks(FLAT[:size, :size], quantiser, np.array(offset))
    assert flat.shape == (size, size)
    # A flat block has one frequency: it is at most one step away (an eighth of it a pixel).
    step = 2 ** ((quantiser - 4) / 6)
    assert flat.std() == 0 and abs(int(flat[0, 0]) - 120) <= step / BLOCK + 1


def test_a_coarse_quantiser_leaves_blocks() -> None:
    """Within blocks less is left than across their edges, wherever the grid lies."""
    for offset in (0, 3):
        image = quantised_blocks(FACE, 36, np.array([offset, offset])).astype(int)
        steps = np.abs(np.diff(image, axis=1)).mean(axis=0)
        edges = (np.arange(47) + 1 + offset) % BLOCK == 0
        assert steps[edges].mean() > 0.5 * steps[~edges].mean()
        assert detail(image.astype(np.uint8)) < detail(FACE)
