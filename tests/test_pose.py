import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.pose import HEAD, pose
from fer_batch.types import FloatArray

ANGLE = st.floats(-60, 60)
SIDES = [1, 0, 2, 4, 3]  # the landmarks' order after right and left were exchanged


def seen(yaw: float, pitch: float, roll: float, scale: float = 1.0) -> FloatArray:
    """Landmarks ``float32[1, 5, 2]`` of the mean head, turned, from far away."""
    (cy, cp, cr), (sy, sp, sr) = (f(np.radians([yaw, pitch, roll])) for f in (np.cos, np.sin))
    turned = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    lifted = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    leant = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    points = HEAD @ (leant @ lifted @ turned).T
    return (points[None, :, :2] * scale + 300).astype(np.float32)


@given(ANGLE, ANGLE, st.floats(-170, 170), st.floats(0.1, 20))
def test_a_turned_mean_head_gives_its_angles_back(
    yaw: float, pitch: float, roll: float, scale: float
) -> None:
    np.testing.assert_allclose(pose(seen(yaw, pitch, roll, scale))[0], [yaw, pitch, roll], atol=0.2)


def test_the_signs_are_those_that_are_described() -> None:
    nose = seen(20, 0, 0)[0, 2] - seen(0, 0, 0)[0, 2]
    assert nose[0] > 5 and abs(nose[1]) < 1e-3  # to the picture's right
    assert (seen(0, 20, 0)[0, 2] - seen(0, 0, 0)[0, 2])[1] < -5  # up
    left_eye = seen(0, 0, 20)[0, 1] - seen(0, 0, 20)[0, 0]
    assert left_eye[0] > 0 and left_eye[1] > 5  # clockwise, y points down


@given(st.integers(0, 2**32 - 1))
def test_a_mirror_turns_yaw_and_roll_round_and_keeps_pitch(seed: int) -> None:
    points = seen(0, 0, 0) + np.random.default_rng(seed).normal(0, 4, (1, 5, 2)).astype(np.float32)
    mirrored = (points * [-1, 1] + [900, 0])[:, SIDES].astype(np.float32)
    np.testing.assert_allclose(pose(mirrored), pose(points) * [-1, 1, -1], atol=0.05)


@pytest.mark.parametrize("broken", [np.nan, 7.0])
def test_what_shows_no_head_has_no_angles(broken: float) -> None:
    both = np.concatenate([np.full((1, 5, 2), broken, np.float32), seen(10, 0, 0)])
    found = pose(both)
    assert np.isnan(found[0]).all() and found[1, 0] == pytest.approx(10, abs=0.2)
    assert pose(both[:0]).shape == (0, 3)
