"""Cuts are found where a film goes to another picture, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.tracking.cuts import change, find_cuts, jumps, shot_of, suspicious
from fer_batch.types import Image

LENGTH = 288


def scene(seed: int) -> np.ndarray:
    """A picture of its own: ``float64[288]``."""
    rng = np.random.default_rng(seed)
    luma = rng.uniform(30, 220, LENGTH * 2 // 3)
    return np.concatenate([luma, rng.uniform(100, 156, LENGTH // 3)])


def shot(seed: int, frames: int, motion: float = 1.0) -> np.ndarray:
    """A scene with that much change from frame to frame."""
    rng = np.random.default_rng(seed + 1000)
    return scene(seed) + rng.normal(0, motion, (frames, LENGTH))


def film(*parts: np.ndarray) -> Image:
    return np.clip(np.concatenate(parts), 1, 255).round().astype(np.uint8)


@settings(max_examples=40)
@given(st.lists(st.integers(8, 30), min_size=1, max_size=6), st.floats(0, 4))
def test_every_hard_cut_is_found_and_no_other(lengths: list[int], motion: float) -> None:
    made = film(*(shot(seed, n, motion) for seed, n in enumerate(lengths)))
    assert find_cuts(made).tolist() == np.cumsum(lengths)[:-1].tolist()


@pytest.mark.parametrize("length", [4, 8, 12])
def test_a_dissolve_is_one_cut_in_its_middle(length: int) -> None:
    share = np.linspace(0, 1, length + 1)[1:-1, None]
    mixed = scene(1) * (1 - share) + scene(2) * share
    made = film(shot(1, 20, 0.5), mixed, shot(2, 20, 0.5))
    (cut,) = find_cuts(made)
    assert abs(cut - (20 + length / 2)) <= 1


@pytest.mark.parametrize("length", [1, 2, 4])
def test_a_flash_is_no_cut(length: int) -> None:
    flash = np.minimum(shot(1, length) + 120, 250)
    assert find_cuts(film(shot(1, 20), flash, shot(1, 20))).size == 0


def test_fast_motion_is_no_cut() -> None:
    rng = np.random.default_rng(0)
    still, way = shot(1, 20), np.cumsum(rng.normal(0, 12, (15, LENGTH)), axis=0)
    moving = scene(1) + way
    after = np.tile(moving[-1], (20, 1)) + rng.normal(0, 1, (20, LENGTH))
    assert change(film(moving)[:-1], film(moving)[1:]).max() > 13
    assert find_cuts(film(still, moving, after)).size == 0


def test_light_that_is_switched_on_is_no_cut() -> None:
    dark = shot(1, 20) * np.where(np.arange(LENGTH) < LENGTH * 2 // 3, 0.5, 1)
    assert change(film(dark)[-1], film(shot(1, 1))[0]) > 20
    assert find_cuts(film(dark, shot(1, 20))).size == 0


def test_frames_without_a_picture_are_passed_over() -> None:
    made = film(shot(1, 20), shot(2, 20))
    made[[5, 19, 20, 30]] = 0
    assert find_cuts(made).tolist() == [21]
    assert find_cuts(made[:1]).size == find_cuts(np.zeros((9, LENGTH), np.uint8)).size == 0


@settings(max_examples=20)
@given(st.lists(st.integers(8, 20), min_size=2, max_size=4))
def test_whatever_is_a_hard_cut_was_suspicious(lengths: list[int]) -> None:
    made = film(*(shot(seed, n, 2) for seed, n in enumerate(lengths)))
    doubtful = np.flatnonzero(suspicious(made)) + 1
    assert np.array_equal(jumps(made), doubtful)
    assert set(find_cuts(made).tolist()) <= set(doubtful.tolist())


def test_shots_are_numbered() -> None:
    assert shot_of(np.array([0, 4, 5, 9, 10]), np.array([5, 10])).tolist() == [0, 0, 1, 1, 2]
