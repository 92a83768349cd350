"""Smoothing equals its definition and has no delay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.tracking.smooth import smooth
from fer_batch.types import FloatArray

quick = settings(max_examples=60)
sizes = st.integers(1, 60)
seeds = st.integers(0, 2**32 - 1)
constants = st.floats(0.01, 3.0)


def series(n: int, seed: int) -> tuple[FloatArray, np.ndarray]:
    """Probabilities of ``n`` sights at uneven times."""
    rng = np.random.default_rng(seed)
    values = rng.dirichlet([0.3, 0.5, 0.4], n).astype(np.float32)
    return values, np.cumsum(rng.uniform(0.001, 0.5, n))


def direct(values: FloatArray, time_s: np.ndarray, constant_s: float) -> np.ndarray:
    """The definition: every sight counts for every other by its distance in time."""
    weight = np.exp(-np.abs(time_s[:, None] - time_s[None, :]) / constant_s)
    return weight @ values.astype(np.float64) / weight.sum(axis=1, keepdims=True)


@quick
@given(sizes, seeds, constants)
def test_it_is_the_weighted_mean_of_all_sights(n: int, seed: int, constant_s: float) -> None:
    values, time_s = series(n, seed)
    assert smooth(values, time_s, constant_s) == pytest.approx(
        direct(values, time_s, constant_s), abs=1e-6
    )


@quick
@given(sizes, seeds, constants)
def test_probabilities_stay_probabilities(n: int, seed: int, constant_s: float) -> None:
    values, time_s = series(n, seed)
    found = smooth(values, time_s, constant_s)
    assert found.dtype == np.float32 and found.shape == values.shape
    assert found.sum(axis=1) == pytest.approx(np.ones(n), abs=1e-6)
    assert (found >= values.min(axis=0) - 1e-6).all()
    assert (found <= values.max(axis=0) + 1e-6).all()


@quick
@given(sizes, seeds, constants)
def test_what_does_not_change_is_not_changed(n: int, seed: int, constant_s: float) -> None:
    values, time_s = series(n, seed)
    values[:] = values[0]
    assert smooth(values, time_s, constant_s) == pytest.approx(values, abs=1e-6)


@quick
@given(sizes, seeds, constants)
def test_backwards_in_time_is_the_same_backwards(n: int, seed: int, constant_s: float) -> None:
    values, time_s = series(n, seed)
    backwards = smooth(values[::-1], (time_s[-1] - time_s)[::-1], constant_s)
    assert backwards[::-1] == pytest.approx(smooth(values, time_s, constant_s), abs=1e-6)


def test_a_constant_of_0_leaves_values_as_they_are() -> None:
    values, time_s = series(9, 1)
    found = smooth(values, time_s, 0)
    assert (found == values).all()
    assert found is not values


def test_hours_do_not_overflow() -> None:
    values, _ = series(2000, 2)
    time_s = np.arange(2000) * 60.0
    assert smooth(values, time_s, 0.25) == pytest.approx(values, abs=1e-6)
