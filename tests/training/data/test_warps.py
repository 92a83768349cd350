from dataclasses import replace

import cv2
import numpy as np

from fer_batch.faces.align import similarity
from fer_batch.training.data.augment import (
    MILD,
    NONE,
    REFERENCE,
    augment,
    jittered,
    random_matrices,
)
from fer_batch.training.data.template import DEFAULT_TEMPLATE, aligning_maps, mean_template
from tests.training.made_faces import made_faces

TEMPLATE = np.array(DEFAULT_TEMPLATE)


def test_mean_template_is_symmetric_and_passes_over_missing_faces() -> None:
    rng = np.random.default_rng(0)
    landmarks = TEMPLATE + rng.normal(0, 2, (500, 5, 2))
    landmarks[::7] = np.nan
    mean = mean_template(landmarks.astype(np.float32))
    assert np.allclose(mean, TEMPLATE, atol=0.4)
    assert np.allclose(mean[[1, 0, 2, 4, 3]] * [-1, 1] + [47, 0], mean)


def test_absurd_and_missing_landmarks_are_not_aligned() -> None:
    few = [TEMPLATE, TEMPLATE * 0.1, np.full((5, 2), np.nan)]
    maps = aligning_maps(np.stack([TEMPLATE] * 100 + few).astype(np.float32))
    assert maps is not None
    assert np.isfinite(maps[100:]).all(axis=(1, 2)).tolist() == [True, False, False]
    assert aligning_maps(None) is None


def test_no_augmentation_changes_nothing() -> None:
    images = made_faces(7, 0).images
    assert np.array_equal(augment(images, NONE, np.random.default_rng(0)), images)


def test_the_same_seed_makes_the_same_images() -> None:
    images = made_faces(7, 0).images
    for augmentation in (MILD, REFERENCE):
        first, second, other = (
            augment(images, augmentation, np.random.default_rng(seed)) for seed in (1, 1, 2)
        )
        assert np.array_equal(first, second)
        assert not np.array_equal(first, other)
        assert first.shape == images.shape and first.dtype == np.uint8


def test_warps_stay_within_their_limits() -> None:
    maps = random_matrices(500, 48, MILD, np.random.default_rng(0))
    area = np.abs(np.linalg.det(maps[:, :2, :2]))
    assert area.min() >= (1 / 1.1) ** 2 - 1e-9 and area.max() <= 1.1**2 + 1e-9
    middle = maps @ np.array([23.5, 23.5, 1])
    assert np.abs(middle[:, :2] - 23.5).max() <= MILD.shift + 1e-9
    flipped = (np.linalg.det(maps[:, :2, :2]) < 0).mean()
    assert 0.4 < flipped < 0.6


def test_alignment_brings_landmarks_to_the_template() -> None:
    dot = np.zeros((1, 48, 48), np.uint8)
    landmarks = (TEMPLATE * 0.8 + 6).astype(np.float32)
    eye = landmarks[0].round().astype(int)
    dot[0, eye[1] - 1 : eye[1] + 2, eye[0] - 1 : eye[0] + 2] = 255
    # The template of many faces, one of which is smaller than the others.
    maps = aligning_maps(np.concatenate([np.stack([TEMPLATE] * 400), landmarks[None]]))
    assert maps is not None
    only_align = type(NONE)(0, 0, 0, 0, 0, 0, 0, 0, 0, align=1.0)
    moved = augment(dot, only_align, np.random.default_rng(0), maps[-1:])[0]
    moments = cv2.moments(moved)
    where = np.array([moments["m10"], moments["m01"]]) / moments["m00"]
    assert np.abs(where - TEMPLATE[0]).max() < 0.8


def test_misplaced_landmarks_turn_and_shift_the_warp_a_little() -> None:
    """As the warp that the pipeline makes of just such landmarks."""
    maps = jittered(300, 0.8, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    found = TEMPLATE + rng.normal(0, 0.8, (300, 5, 2))
    for points, matrix in list(zip(found, maps, strict=True))[:20]:
        wanted = similarity(points.astype(np.float32), TEMPLATE.astype(np.float32))
        assert np.allclose(matrix[:2], wanted, atol=1e-3)
    middle = maps @ np.array([23.5, 26.0, 1])
    moved = np.linalg.norm(middle[:, :2] - [23.5, 26.0], axis=1)
    assert 0.2 < np.median(moved) < 1.0
    assert np.allclose(jittered(3, 0.0, rng), np.eye(3))


def test_degraded_and_hidden_images_are_a_share_and_the_others_are_as_before() -> None:
    images = made_faces(140, 0).images
    plain = augment(images, MILD, np.random.default_rng(4))
    for way in ("degrade", "occlude"):
        augmentation = replace(MILD, **{way: 0.5})
        changed = [
            not np.array_equal(a, b)
            for a, b in zip(
                augment(images, augmentation, np.random.default_rng(4)), plain, strict=True
            )
        ]
        assert 0.3 < np.mean(changed) < 0.6, way
    assert np.array_equal(augment(images, MILD, np.random.default_rng(4)), plain)
