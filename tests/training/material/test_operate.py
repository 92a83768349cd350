"""The prior that is found is the best there is, and means what it says."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from fer_batch.errors import UsageError
from fer_batch.training.material.operate import AS_GOOD, best_shift, operation, parse_floor

LABELS = ("happy", "sad", "neutral")
EVEN = dict.fromkeys(LABELS, 1 / 3)


def some_answers(seed: int, rows: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a model for which sad is rarer than it is."""
    rng = np.random.default_rng(seed)
    truth = np.arange(rows) % 3
    logits = rng.normal(size=(rows, 3)) + 2 * np.eye(3)[truth] - [0, 1.5, 0]
    said = np.exp(logits)
    return said / said.sum(axis=1, keepdims=True), truth


@pytest.mark.parametrize("floor", [0.0, 0.8, 0.9])
def test_no_other_shift_of_the_grid_is_better_and_the_floor_holds(floor: float) -> None:
    said, truth = some_answers(1)
    kept = (truth != 1) | (np.arange(len(truth)) % 4 == 1)  # sad faces are rare among photos
    logits, truth = np.log(said[kept]), truth[kept]
    found = best_shift(logits, truth, 2, floor)

    def recalls(shift: np.ndarray) -> np.ndarray:
        named = (logits + shift).argmax(axis=1)
        return np.array([(named[truth == k] == k).mean() for k in range(3)])

    faces = np.bincount(truth)
    assert recalls(found)[2] >= floor and found[2] == 0
    ways = [np.array([a, b, 0.0]) for a, b in product(np.linspace(-2, 2, 41), repeat=2)]
    able = [value for value in map(recalls, ways) if value[2] >= floor]
    best = max(value.mean() for value in able)
    right = [value @ faces for value in able if value.mean() >= best - AS_GOOD]
    assert recalls(found).mean() >= best - AS_GOOD
    assert recalls(found) @ faces >= max(right) - 1e-9


def test_the_prior_undoes_what_the_model_assumed() -> None:
    said, truth = some_answers(2, 3000)
    people = [str(i % 50) for i in range(len(truth))]
    found = operation(said, truth, LABELS, EVEN, ("neutral", 0.0), people)
    # Sad was made rarer by 1.5 in its logit: that is what has to be made up for.
    assert np.log(found.prior["sad"] / found.prior["neutral"]) == pytest.approx(1.5, abs=0.35)
    assert sum(found.prior.values()) == pytest.approx(1, abs=2e-3)
    assert found.mean_recall == pytest.approx(np.mean(list(found.recall.values())))
    assert 0 < found.mean_recall - found.held_out_mean_recall < 0.03


def test_what_is_no_floor_and_what_cannot_be_reached() -> None:
    assert parse_floor("neutral=0.9", LABELS) == ("neutral", 0.9)
    for text in ("neutral", "bored=0.5", "sad=2", "sad=x"):
        with pytest.raises(UsageError, match="--floor"):
            parse_floor(text, LABELS)
    said, truth = some_answers(1)
    with pytest.raises(UsageError, match="no prior reaches"):
        best_shift(np.log(said), truth, 1, 1.0)
    with pytest.raises(UsageError, match="three labels"):
        operation(said[:, :2], truth, ("sad", "neutral"), EVEN, ("sad", 0.5), ["a"] * 600)
