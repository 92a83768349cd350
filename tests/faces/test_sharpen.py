"""Blur of crops is undone as far as it can be told, and a little sharpness added."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.demo.portraits import eileen_collins, grace_hopper
from fer_batch.faces.align import crop_faces
from fer_batch.faces.sharpen import FLAT, SIGMAS, STEP, fineness, sharpened, waves
from fer_batch.media.planes import from_bgr
from fer_batch.pipeline.build import Engine
from fer_batch.training.data.template import DEFAULT_TEMPLATE
from fer_batch.types import Detections, Frame, Image

SIZE = 48
quick = settings(max_examples=40)
seeds = st.integers(0, 2**32 - 1)


def rough(seed: int, count: int = 1, blur: float = 0.8) -> Image:
    """Crops with detail of all sizes, as soft as faces are."""
    rng = np.random.default_rng(seed)
    result = np.zeros((count, SIZE, SIZE))
    for crop in result:
        for cells in (4, 8, 16, 48):
            part = rng.normal(0, 25, (cells, cells))
            crop += cv2.resize(part, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    soft = [cv2.GaussianBlur(crop, (0, 0), blur) for crop in result]
    return np.clip(np.rint(np.stack(soft) + 128), 0, 255).astype(np.uint8)


def blurred(crops: Image, sigma: float) -> Image:
    return np.stack([soft(crop, sigma) for crop in crops])


def soft(crop: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(crop, (13, 13), sigma, borderType=cv2.BORDER_REFLECT)


def how_sharp(crop: Image) -> float:
    detail = crop - soft(crop.astype(np.float64), 1.0)
    return float(np.sqrt((detail**2).mean()) / (crop.std() + FLAT))


@pytest.fixture(scope="module")
def faces() -> Image:
    """Crops of two people, as the pipeline cuts them out."""
    detector = Engine(RunSettings()).detector(AnalyzeSettings())
    template, found = np.array(DEFAULT_TEMPLATE, np.float32), []
    for portrait in (eileen_collins(), grace_hopper()):
        height, width = portrait.image.shape[:2]
        frame = Frame(0, 0, from_bgr(portrait.image), width, height)
        found.append(crop_faces(frame, detector.detect(frame), template, SIZE)[:1])
    return np.concatenate(found)


def test_the_transform_is_the_cosine_transform() -> None:
    crop = rough(1)[0].astype(np.float32)
    basis = waves(SIZE).basis
    assert np.abs(basis @ crop @ basis.T - cv2.dct(crop)).max() < 0.01
    assert np.abs(basis @ basis.T - np.eye(SIZE)).max() < 1e-5
    assert np.allclose(np.diff(SIGMAS), STEP)


@quick
@given(seeds, st.floats(0.1, 2.0))
def test_without_a_wanted_sharpness_a_share_of_what_a_blur_takes_is_added(
    seed: int, least: float
) -> None:
    crops = rough(seed, 2)
    for one, two in zip(crops, sharpened(crops, least), strict=True):
        detail = one - soft(one.astype(np.float64), 1.0)
        assert np.abs(two - np.clip(one + least * detail, 0, 255)).max() <= 0.6


@pytest.mark.parametrize("sigma", [0.6, 0.8, 1.0, 1.2, 1.5])
def test_a_blurred_face_comes_back(faces: Image, sigma: float) -> None:
    """Of what is large enough to be told (three pixels) most is there again, whatever the sigma,
    which nobody says."""

    def shown(crops: Image) -> np.ndarray:
        return soft(crops[0].astype(float), 1.2)

    for face in faces:
        wanted, worn = shown(sharpened(face[None], 0.5)), blurred(face[None], sigma)
        left = np.abs(shown(sharpened(worn, 0.5, how_sharp(face))) - wanted).mean()
        before = np.abs(shown(sharpened(worn, 0.5)) - wanted).mean()
        assert left < (0.5 if sigma <= 1.2 else 0.8) * before, left / before


@quick
@given(seeds, st.floats(0.05, 0.3))
def test_what_is_too_soft_is_sharper_and_never_too_sharp(seed: int, wanted: float) -> None:
    sharp = rough(seed, blur=0.5)
    for sigma in (0.0, 0.3, 0.6, 0.9, 1.2):
        worn = blurred(sharp, sigma) if sigma else sharp
        (after,), before = sharpened(worn, 0.0, wanted), how_sharp(worn[0])
        if before >= wanted:
            assert np.array_equal(after, worn[0])
        else:
            assert min(1.3 * before, 0.95 * wanted) - 0.01 <= how_sharp(after) <= wanted + 0.01


def test_noise_is_not_amplified(faces: Image) -> None:
    noise = np.random.default_rng(3).normal(0, 12, faces.shape)
    noisy = np.clip(np.rint(faces + noise), 0, 255).astype(np.uint8)
    assert np.array_equal(sharpened(noisy, 0.5, 0.13), sharpened(noisy, 0.5))


@quick
@given(seeds, st.integers(1, 40), st.floats(0.0, 1.0), st.floats(0.0, 0.3))
def test_each_crop_is_by_itself_to_the_last_bit(
    seed: int, count: int, least: float, sharpness: float
) -> None:
    crops = blurred(rough(seed, count), 1.0)
    before = crops.copy()
    fine = np.random.default_rng(seed).uniform(0.1, 3, count).astype(np.float32)
    together = sharpened(crops, least, sharpness, fine)
    assert np.array_equal(crops, before) and together.shape == crops.shape
    for i in range(count):
        alone = sharpened(crops[i : i + 1], least, sharpness, fine[i : i + 1])
        assert np.array_equal(alone[0], together[i])


@quick
@given(seeds)
def test_a_mirror_image_stays_one(seed: int) -> None:
    crops = blurred(rough(seed), 1.0)
    mirrored = sharpened(crops[..., ::-1], 0.5, 0.13)[..., ::-1]
    assert np.abs(mirrored.astype(int) - sharpened(crops, 0.5, 0.13)).max() <= 1


@pytest.mark.parametrize("sharpness", [0.0, 0.13])
def test_what_has_no_detail_stays(sharpness: float) -> None:
    for level in (0, 77, 255):
        flat = np.full((1, SIZE, SIZE), level, np.uint8)
        assert np.array_equal(sharpened(flat, 0.5, sharpness), flat)
    crops = rough(1)
    assert sharpened(crops, 0.0) is crops
    assert sharpened(crops[:0], 0.5, sharpness).shape == (0, SIZE, SIZE)


def test_what_is_too_fine_for_the_picture_is_not_amplified(faces: Image) -> None:
    """A face of 12 pixels, enlarged: what lies between its pixels is not made more of."""
    known = waves(SIZE)

    def finest(crop: Image) -> float:
        spectrum = known.basis @ crop.astype(np.float32) @ known.basis.T
        return float(np.sqrt((spectrum[known.fine > 0.5**2] ** 2).sum()))

    for face in faces:
        small = cv2.resize(face, (12, 12), interpolation=cv2.INTER_AREA)
        large = cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)[None]
        plain, quarter = (sharpened(large, 0.5, s, np.array([0.25])) for s in (0.0, 0.2))
        assert finest(quarter[0]) < 1.3 * finest(plain[0])
        assert finest(sharpened(large, 0.5, 0.2)[0]) > 2 * finest(plain[0])


def test_a_fine_picture_is_no_limit(faces: Image) -> None:
    worn = blurred(faces, 1.0)
    fine = np.full(len(worn), 50.0, np.float32)
    assert (
        np.abs(sharpened(worn, 0.5, 0.13, fine).astype(int) - sharpened(worn, 0.5, 0.13)).max() <= 1
    )
    assert sharpened(worn[:0], 0.5, 0.13, fine[:0]).shape == (0, SIZE, SIZE)


def test_how_many_pixels_of_the_picture_there_are_for_one_of_the_crop() -> None:
    template = np.array(DEFAULT_TEMPLATE, np.float32)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]], np.float32)
    landmarks = np.stack([0.25 * template, 3 * template @ turn + 40, np.full((5, 2), np.nan)])
    box = np.array([[0, 0, 9, 9], [0, 0, 9, 9], [0, 0, 24, 12]], np.float32)
    faces = Detections(box, np.ones(3, np.float32), landmarks.astype(np.float32))
    assert fineness(faces, template, SIZE) == pytest.approx([0.25, 3, 24 / SIZE], abs=1e-5)
    one_point = Detections(box[:1], np.ones(1, np.float32), np.full((1, 5, 2), 7, np.float32))
    assert 0 < fineness(one_point, template, SIZE)[0] < 0.01
