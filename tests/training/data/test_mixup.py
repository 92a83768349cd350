import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from fer_batch.training.batches import dataset
from fer_batch.training.data.augment import NONE
from fer_batch.training.data.mixup import Mixture, mixture
from fer_batch.training.data.targets import JOINT
from tests.training.made_faces import made_faces

SEEDS = st.integers(0, 10_000)


@given(SEEDS, st.integers(1, 40), st.floats(0.05, 3))
def test_rows_keep_the_greater_share_and_pair_off(seed: int, count: int, alpha: float) -> None:
    pairs = mixture(count, alpha, np.random.default_rng(seed))
    assert ((pairs.own >= 0.5) & (pairs.own <= 1)).all()
    assert sorted(pairs.other) == list(range(count))


@given(SEEDS, st.integers(1, 40))
def test_mixed_targets_are_distributions_and_no_weight_is_lost(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = mixture(count, 0.4, rng)
    targets = rng.dirichlet(np.ones(3), count).astype(np.float32)
    weights = (rng.random(count) * rng.integers(0, 2, count)).astype(np.float32)
    mixed, total = pairs.targets(targets, weights)
    assert np.allclose(mixed.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(total, pairs.own * weights + (1 - pairs.own) * weights[pairs.other])
    alone = weights[pairs.other] == 0
    assert np.allclose(mixed[alone], targets[alone], atol=1e-5)


def test_a_row_without_a_label_says_nothing() -> None:
    pairs = Mixture(np.array([0.75, 0.75], np.float32), np.array([1, 0]))
    targets = np.array([[1, 0], [0, 1]], np.float32)
    mixed, total = pairs.targets(targets, np.array([0, 1], np.float32))
    assert np.array_equal(mixed, [[0, 1], [0, 1]]) and np.array_equal(total, [0.25, 0.75])
    images = np.stack([np.zeros((2, 2), np.uint8), np.full((2, 2), 200, np.uint8)])
    assert np.array_equal(pairs.images(images)[:, 0, 0], [50, 150])


def test_batches_are_mixed_the_same_way_again_and_targets_with_them() -> None:
    from dataclasses import replace

    faces = made_faces(64, 0)
    augmentation = replace(NONE, mix=0.5)
    images, wanted, weights = dataset(faces, JOINT, 32, augmentation, seed=1)[1]
    again = dataset(faces, JOINT, 32, augmentation, seed=1)[1]
    plain = dataset(faces, JOINT, 32, NONE, seed=1)[1]
    assert np.array_equal(images, again[0]) and not np.array_equal(images, plain[0])
    for head in JOINT:
        assert np.array_equal(wanted[head.name], again[1][head.name])
        assert np.allclose(wanted[head.name].sum(axis=1), 1, atol=1e-5)
    # Every row has a label of the seven, so all keep their whole weight.
    assert np.allclose(weights["fer7"], 1) and weights["fer3"].max() <= 1
    assert not np.allclose(wanted["fer7"], plain[1]["fer7"])
