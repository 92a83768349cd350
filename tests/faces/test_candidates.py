"""From maps to faces."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.faces.candidates import STRIDES, faces
from fer_batch.types import FloatArray

SURE, NEVER = 6.0, -30.0


def empty(height: int = 64, width: int = 96) -> list[FloatArray]:
    maps = [np.zeros((height // s, width // s, 16), np.float32) for s in STRIDES]
    for each in maps:
        each[:, :, :2] = NEVER
    return maps


def put(maps: list[FloatArray], level: int, row: int, column: int, score: float = SURE) -> None:
    cell = maps[level][row, column]
    cell[:2] = score
    cell[2:6] = 0.5, 0.5, np.log(2), np.log(3)  # in the middle of its cell, 2 by 3 strides
    cell[6:] = 0.25


def test_nothing_is_found_in_empty_maps() -> None:
    assert faces(empty(), 0.6).shape == (0, 15)


def test_a_cell_becomes_a_box_and_landmarks() -> None:
    for level, stride in enumerate(STRIDES):
        maps = empty()
        put(maps, level, 1, 1)
        (found,) = faces(maps, 0.6)
        middle = 1.5 * stride
        expected = [middle - stride, middle - 1.5 * stride, 2 * stride, 3 * stride]
        np.testing.assert_allclose(found[:4], expected, rtol=1e-5)
        np.testing.assert_allclose(found[4:14], 1.25 * stride, rtol=1e-5)
        np.testing.assert_allclose(found[14], 1 / (1 + np.exp(-SURE)), rtol=1e-5)


def test_of_boxes_over_one_another_the_surest_stays() -> None:
    maps = empty()
    put(maps, 0, 3, 3, 2.0)
    put(maps, 0, 3, 4, 4.0)
    put(maps, 0, 3, 9, 3.0)
    found = faces(maps, 0.6)
    assert len(found) == 2 and (np.diff(found[:, 14]) < 0).all()
    assert found[0, 0] == 4.5 * 8 - 8 and found[1, 0] == 9.5 * 8 - 8


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_none_is_less_sure_than_asked(seed: int, least: float) -> None:
    rng = np.random.default_rng(seed)
    maps = [(3 * rng.normal(size=m.shape)).astype(np.float32) for m in empty()]
    found = faces(maps, least)
    assert (found[:, 14] >= least).all()
    chance = [1 / (1 + np.exp(-m[:, :, :2].astype(float))) for m in maps]
    best = max(float(np.sqrt(c[:, :, 0] * c[:, :, 1]).max()) for c in chance)
    if abs(best - least) > 1e-5:
        assert (len(found) > 0) == (best > least)
        assert len(found) == 0 or abs(found[0, 14] - best) < 1e-5
