"""Things drawn before a face hide a part of it, where such things are."""

from __future__ import annotations

import numpy as np
import pytest

from fer_batch.training.data.occlude import EYES, glasses, hand, microphone, occlude

FACE = np.full((48, 48), 150, np.uint8)


def changed(draw: object, seeds: int = 60) -> np.ndarray:
    """In how many of the drawings each pixel differs from the face, ``float64[48, 48]``."""
    shares = np.zeros((48, 48))
    for seed in range(seeds):
        image = FACE.copy()
        draw(image, np.random.default_rng(seed))  # type: ignore[operator]
        shares += image != FACE
    return shares / seeds


@pytest.mark.parametrize(("draw", "most"), [(glasses, 0.25), (hand, 0.6), (microphone, 0.35)])
def test_a_part_is_hidden_and_never_the_whole_face(draw: object, most: float) -> None:
    for seed in range(40):
        image = FACE.copy()
        draw(image, np.random.default_rng(seed))  # type: ignore[operator]
        assert 0.01 < (image != FACE).mean() < most, seed


def test_glasses_lie_on_the_eyes_and_microphones_below_the_nose() -> None:
    worn = changed(glasses)
    for x, y in EYES:
        beside = worn[int(y * 48), int(x * 48) - 9 : int(x * 48) + 10]
        assert beside.max() > 0.3
    assert worn[30:].max() == 0
    held = changed(microphone)
    assert held[:24].max() == 0 and held[40:, 16:32].max() > 0.5


def test_hands_come_from_all_sides() -> None:
    shares = changed(hand, 120)
    edges = [shares[0].max(), shares[-1].max(), shares[:, 0].max(), shares[:, -1].max()]
    assert min(edges) > 0.05


def test_the_face_itself_is_not_written_to_and_a_seed_draws_the_same() -> None:
    before = FACE.copy()
    first, again = (occlude(FACE, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(FACE, before) and np.array_equal(first, again)
    kinds = {occlude(FACE, np.random.default_rng(seed)).tobytes() for seed in range(10)}
    assert len(kinds) > 5
