import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fer_batch.training import metrics
from fer_batch.training.export.pool import AS_GOOD, fit_pool

logits = arrays(
    np.float64, st.tuples(st.integers(1, 60), st.just(4)), elements=st.floats(-8, 8, width=32)
)


def made(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    label = np.abs(values[:, 0] * 7).astype(np.int64) % 4
    return metrics.softmax(values), label


@given(logits)
def test_figures_agree_with_one_another(values: np.ndarray) -> None:
    probabilities, label = made(values)
    assert np.allclose(probabilities.sum(axis=1), 1)
    matrix = metrics.confusion(probabilities, label)
    assert matrix.sum() == len(label)
    assert np.isclose(np.trace(matrix) / len(label), metrics.accuracy(probabilities, label))
    recall, total = np.array(metrics.recalls(matrix)), matrix.sum(axis=1)
    seen = total > 0
    weighted = (recall[seen] * total[seen]).sum() / total.sum()
    assert np.isclose(weighted, metrics.accuracy(probabilities, label))
    assert np.isnan(recall[~seen]).all()


@given(logits)
def test_calibration_error_is_a_share_and_bins_hold_all(values: np.ndarray) -> None:
    probabilities, label = made(values)
    said, was, count = metrics.reliability(probabilities, label)
    assert count.sum() == len(label)
    assert 0 <= metrics.expected_calibration_error(probabilities, label) <= 1
    assert np.isclose((said * count).sum() / count.sum(), probabilities.max(axis=1).mean())
    assert np.isclose((was * count).sum() / count.sum(), metrics.accuracy(probabilities, label))


@given(logits, st.floats(0.2, 5))
def test_temperature_never_changes_the_answer(values: np.ndarray, temperature: float) -> None:
    first, second = metrics.softmax(values), metrics.softmax(values, temperature)
    clear = np.sort(first, axis=1)
    clear_rows = clear[:, -1] - clear[:, -2] > 1e-9
    assert np.array_equal(first.argmax(axis=1)[clear_rows], second.argmax(axis=1)[clear_rows])


def test_perfect_certainty_has_no_calibration_error_and_lies_have_all() -> None:
    sure = np.eye(3)[[0, 1, 2, 1]]
    assert metrics.expected_calibration_error(sure, np.array([0, 1, 2, 1])) == 0
    assert metrics.expected_calibration_error(sure, np.array([1, 2, 0, 0])) == 1
    assert np.isnan(metrics.accuracy(sure[:0], np.zeros(0, np.int64)))


@settings(max_examples=10)
@given(st.floats(0.3, 3), st.integers(0, 1000))
def test_the_pool_finds_the_temperature_that_labels_were_drawn_with(
    temperature: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 2, (4000, 3))
    chances = metrics.softmax(values, temperature)
    label = (chances.cumsum(axis=1) > rng.random((4000, 1))).argmax(axis=1)
    pool = fit_pool({"only": values}, ("a", "b", "c"), label, shifts=False)
    assert abs(pool.temperature / temperature - 1) < 0.2
    pooled = metrics.softmax(pool.logits({"only": values}))
    alone = metrics.log_loss(metrics.softmax(values), label)
    assert metrics.log_loss(pooled, label) <= alone * (1 + AS_GOOD) + 1e-6


def test_of_temperatures_as_good_the_one_of_least_calibration_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fitted(seed: int) -> tuple[float, float]:
        rng = np.random.default_rng(seed)
        values = rng.normal(0, 2, (700, 3))
        label = (metrics.softmax(values).cumsum(axis=1) > rng.random((700, 1))).argmax(axis=1)
        pool = fit_pool({"only": values}, ("a", "b", "c"), label)
        pooled = metrics.softmax(pool.logits({"only": values}))
        loss = metrics.log_loss(pooled, label)
        return loss, metrics.expected_calibration_error(pooled, label)

    chosen = [fitted(seed) for seed in range(6)]
    monkeypatch.setattr("fer_batch.training.export.pool.SCALES", (1.0,))
    least_loss = [fitted(seed) for seed in range(6)]
    pairs = list(zip(chosen, least_loss, strict=True))
    for (loss, error), (least, its_error) in pairs:
        assert error <= its_error and least <= loss <= least * (1 + 2 * AS_GOOD)
    assert any(error < its_error for (_, error), (_, its_error) in pairs)


def test_the_pool_prefers_the_head_that_knows() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, 500)
    good = np.eye(3)[label] * 2 + rng.normal(0, 1, (500, 3))
    pool = fit_pool({"good": good, "noise": rng.normal(0, 1, (500, 3))}, ("a", "b", "c"), label)
    assert pool.weights["good"] > 5 * pool.weights["noise"]
    assert abs(sum(pool.shift)) < 1e-9


def test_a_pool_of_heads_that_know_nothing_is_finite() -> None:
    """Logits that speak against the truth: every weight is 0, every label as likely."""
    rng = np.random.default_rng(3)
    label = np.arange(60) % 3
    against = -5.0 * np.eye(3)[label] + rng.normal(0, 0.1, (60, 3))
    pool = fit_pool({"one": against, "two": against * 2}, ("a", "b", "c"), label)
    assert sum(pool.weights.values()) == 0 and np.isfinite(pool.temperature)
    assert np.allclose(
        metrics.softmax(pool.logits({"one": against, "two": against * 2})), 1 / 3, atol=0.01
    )
