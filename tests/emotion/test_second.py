"""Two networks' answers joined."""

import keras
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fer_batch.emotion.second import SecondOpinion, joined

LABELS = ("happy", "sad", "neutral")
PRIOR = dict.fromkeys(LABELS, 1 / 3)
logits = arrays(np.float64, (4, 3), elements=st.floats(-12, 12))
shares = st.floats(0, 1)


def probabilities(values: np.ndarray) -> np.ndarray:
    weights = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def opinion(share: float, temperature: float = 1.0, *shift: float) -> SecondOpinion:
    shifts = dict(zip(LABELS, shift or (0.0,) * 3, strict=True))
    return SecondOpinion(share, temperature, shifts, PRIOR)


def joint(own: np.ndarray, second: np.ndarray, how: SecondOpinion) -> np.ndarray:
    return np.asarray(joined(own, second, np.array(how.shifts(LABELS)), how))


@given(logits, logits, shares, st.floats(0.2, 5), st.tuples(*[st.floats(-2, 2)] * 3))
def test_they_are_probabilities_whatever_is_said(
    own: np.ndarray,
    second: np.ndarray,
    share: float,
    temperature: float,
    shift: tuple[float, float, float],
) -> None:
    said = joint(probabilities(own), second, opinion(share, temperature, *shift))
    assert np.allclose(said.sum(axis=1), 1) and (said >= 0).all()


@given(logits, logits)
def test_who_has_the_whole_share_is_alone(own: np.ndarray, second: np.ndarray) -> None:
    first = probabilities(own)
    assert np.allclose(joint(first, second, opinion(0)), first, atol=1e-6)
    assert np.allclose(joint(first, second, opinion(1)), probabilities(second), atol=1e-6)


@given(logits, shares)
def test_two_that_agree_say_what_each_says(own: np.ndarray, share: float) -> None:
    first = probabilities(own)
    assert np.allclose(joint(first, own, opinion(share)), first, atol=1e-5)


@given(logits, logits, shares, st.floats(0.01, 2))
@example(np.eye(4, 3), np.eye(4, 3, k=-2) * 3, 2.0**-52, 1.0)  # ties in some faces, not in all
def test_a_shift_moves_to_its_label_and_a_temperature_keeps_the_order(
    own: np.ndarray, second: np.ndarray, share: float, shift: float
) -> None:
    first = probabilities(own)
    plain = joint(first, second, opinion(share))
    moved = joint(first, second, opinion(share, 1.0, 0.0, shift, 0.0))
    assert (moved[:, 1] >= plain[:, 1] - 1e-9).all()
    cool = joint(first, second, opinion(share, 2.0))
    *_, runner_up, most = np.sort(plain, axis=1).T
    tied = most - runner_up < 1e-6  # either may come first
    assert ((cool.argmax(axis=1) == plain.argmax(axis=1)) | tied).all()
    assert (cool.max(axis=1) <= plain.max(axis=1) + 1e-6).all()


def test_it_is_the_pool_as_keras_computes_it() -> None:
    rng = np.random.default_rng(0)
    own = probabilities(rng.normal(size=(5, 3))).astype(np.float32)
    second = rng.normal(size=(5, 3)).astype(np.float32)
    how = opinion(0.4, 0.8, 0.1, -0.3, 0.2)
    shifts = np.array(how.shifts(LABELS), np.float32)
    ops = keras.ops
    pool = (1 - how.share) * ops.log(own) + how.share * ops.log_softmax(second, axis=1)
    by_keras = np.asarray(ops.softmax(pool / how.temperature + shifts, axis=1))
    assert np.allclose(by_keras, joint(own, second, how), atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"share": 1.5},
        {"share": "much"},
        {"temperature": 0},
        {"shift": {"happy": 0}},
        {"shift": [0, 0, 0]},
        {"shift": None},
        {"prior": {"happy": 1}},
        {"prior": None},
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object]) -> None:
    whole = {"share": 0.5, "temperature": 1, "shift": dict.fromkeys(LABELS, 0), "prior": PRIOR}
    assert SecondOpinion.from_json(whole, LABELS) == opinion(0.5)
    with pytest.raises((ValueError, TypeError, AttributeError)):
        SecondOpinion.from_json({**whole, **change}, LABELS)
