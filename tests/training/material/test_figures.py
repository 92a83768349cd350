"""Figures agree with their definitions, for the rows as they are and for any weighting of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.training.material.figures import auc, figures, interval, resampled
from fer_batch.training.metrics import accuracy, confusion, expected_calibration_error, recalls

LABELS = ("happy", "sad", "neutral")


def some_answers(seed: int, rows: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    said = rng.dirichlet(np.ones(3), rows)
    # Rounded, so that there are ties; truth leans towards what was said.
    return np.round(said, 1) + 0.01, np.where(rng.random(rows) < 0.6, said.argmax(1), rows % 3)


@given(st.integers(0, 1000))
def test_equal_weights_give_the_plain_figures(seed: int) -> None:
    said, truth = some_answers(seed)
    found = {k: v[0] for k, v in figures(said, truth, LABELS, np.ones((1, 60))).items()}
    assert found["accuracy"] == pytest.approx(accuracy(said, truth))
    assert found["ece"] == pytest.approx(expected_calibration_error(said, truth))
    wanted = recalls(confusion(said, truth))
    assert [found[f"recall_{x}"] for x in LABELS] == pytest.approx(wanted, nan_ok=True)
    assert found["mean_recall"] == pytest.approx(np.nanmean(wanted))
    for k, label in enumerate(LABELS[:2]):
        score = np.log(said[:, k] + 1e-9) - np.log(said[:, 2] + 1e-9)
        higher = score[truth == k][:, None] - score[truth == 2][None, :]
        pairs = (higher > 1e-12).mean() + 0.5 * (np.abs(higher) <= 1e-12).mean()
        assert found[f"auc_{label}_neutral"] == pytest.approx(pairs, nan_ok=True)


@given(st.integers(0, 1000))
def test_a_weight_of_two_is_a_row_that_is_there_twice(seed: int) -> None:
    said, truth = some_answers(seed)
    weights = np.random.default_rng(seed).integers(0, 3, (1, 60)).astype(float)
    again = np.repeat(np.arange(60), weights[0].astype(int))
    weighted = figures(said, truth, LABELS, weights)
    repeated = figures(said[again], truth[again], LABELS, np.ones((1, len(again))))
    for name, value in weighted.items():
        assert value[0] == pytest.approx(repeated[name][0], nan_ok=True), name


@given(st.integers(0, 1000), st.floats(0.1, 5), st.floats(-3, 3))
def test_no_prior_changes_the_auc(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    score, positive, weights = rng.normal(size=40), rng.random(40) < 0.4, np.ones((1, 40))
    moved = auc(score * scale + shift, positive, weights)
    assert moved == pytest.approx(auc(score, positive, weights), nan_ok=True)


def test_one_kind_alone_has_no_auc_and_no_rows_no_accuracy() -> None:
    assert np.isnan(auc(np.arange(3.0), np.array([True] * 3), np.ones((2, 3)))).all()
    said, truth = some_answers(0)
    nothing = figures(said, truth, LABELS, np.zeros((1, 60)))
    assert all(np.isnan(value[0]) for value in nothing.values())


def test_the_photos_of_a_person_are_drawn_together() -> None:
    people = ["ann", "ben", "ann", "cid", "ben", "ann"]
    drawn = resampled(people, count=200)
    assert drawn.shape == (200, 6)
    assert (drawn[:, 0] == drawn[:, 2]).all() and (drawn[:, 0] == drawn[:, 5]).all()
    assert (drawn[:, [0, 1, 3]].sum(axis=1) == 3).all() and len(np.unique(drawn[:, 0])) > 1
    alone = resampled(["ann"] * 4, count=200)
    assert (alone.sum(axis=1) == 4).all() and not (alone[:, 0] == alone[:, 1]).all()


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for study in range(100):
        right = rng.random(200) < 0.8
        said = np.where(right, 0.9, 0.1)[:, None] * [1, 0] + np.where(right, 0.1, 0.9)[:, None] * [
            0,
            1,
        ]
        weights = resampled([str(i) for i in range(200)], seed=study, count=200)
        between = interval(figures(said, np.zeros(200, int), ("a", "b"), weights)["accuracy"])
        assert between is not None
        held += between[0] <= 0.8 <= between[1]
    assert 88 <= held <= 100
    assert interval(np.array([np.nan] * 5 + [0.5] * 5)) is None
