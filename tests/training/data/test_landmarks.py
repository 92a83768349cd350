"""Landmarks of training images, and what the way of a video face does to them: on real faces."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from fer_batch.demo.portraits import eileen_collins, grace_hopper
from fer_batch.emotion.labels import FER2013
from fer_batch.emotion.load import open_classifier
from fer_batch.errors import TrainingDataError
from fer_batch.faces.detector import open_detector
from fer_batch.training.alignment import as_frame, measure, pipeline_crops
from fer_batch.training.data.faceset import FaceSet
from fer_batch.training.data.landmarks import (
    BORDER,
    ENLARGE,
    enlarged,
    find_landmarks,
    make_detector,
)
from fer_batch.training.data.read import load
from fer_batch.training.evaluate import evaluate
from tests.training.made_faces import made_faces, write_csv, write_folder

# A pixel of the small image in pixels of the portrait, and where the middle of the face is there.
COLLINS, HOPPER = (2.6, (222.0, 112.0)), (4.6, (266.0, 225.0))


def cut(number: int, right: float = 0.0, down: float = 0.0, turn: float = 0.0) -> np.ndarray:
    """A portrait's face, ``uint8[48, 48]``, moved by so many pixels and turned by degrees."""
    portrait = (eileen_collins, grace_hopper)[number]()
    scale, (x, y) = (COLLINS, HOPPER)[number]
    warp = cv2.getRotationMatrix2D((x, y), turn, 1 / scale)
    warp[:, 2] += [23.5 + right - x, 23.5 + down - y]
    grey = cv2.cvtColor(portrait.image, cv2.COLOR_BGR2GRAY)
    return cv2.warpAffine(cv2.GaussianBlur(grey, (0, 0), scale / 2), warp, (48, 48))


@pytest.fixture(scope="module")
def faces() -> FaceSet:
    """Sixteen images of two people, somewhat moved and turned: the smile as happy, then neutral."""
    rng = np.random.default_rng(5)
    moves = [(*rng.uniform(-3, 3, 2), rng.uniform(-12, 12)) for _ in range(16)]
    images = [cut(n % 2, right, down, turn) for n, (right, down, turn) in enumerate(moves)]
    emotion = np.array([FER2013.index(("happy", "neutral")[n % 2]) for n in range(16)])
    return FaceSet(np.stack(images), emotion, np.array(["PublicTest"] * 16))


def test_enlarging_keeps_the_picture_and_puts_grey_around_it() -> None:
    image = cut(0)
    large = enlarged(image, ENLARGE, BORDER)
    assert large.shape == (48 * ENLARGE + 2 * BORDER,) * 2
    inner = large[BORDER:-BORDER, BORDER:-BORDER]
    small = cv2.resize(inner, (48, 48), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - image).mean() < 3
    around = large.copy()
    around[BORDER:-BORDER, BORDER:-BORDER] = 127
    assert (around == 127).all()


@pytest.mark.parametrize("number", [0, 1])
def test_landmarks_move_with_the_face_and_lie_as_a_face_does(number: int) -> None:
    images = np.stack([cut(number), cut(number, 4.0, -3.0), np.full((48, 48), 90, np.uint8)])
    still, moved, nothing = find_landmarks(images, make_detector())
    # Other grey comes into the picture, so single points wander by a pixel or two.
    assert np.abs((moved - still).mean(axis=0) - [4.0, -3.0]).max() < 1.5
    assert np.isnan(nothing).all()
    right_eye, left_eye, nose, right_mouth, left_mouth = still
    assert right_eye[0] < nose[0] < left_eye[0] and right_mouth[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])


def test_the_warp_brings_eyes_and_mouth_to_the_template(faces: FaceSet) -> None:
    template = np.array(open_classifier("fer3").card.template, np.float32)
    detector = open_detector("yunet")
    away = {}
    for way, wanted in (("template", template), ("box", None)):
        crops, found = pipeline_crops(faces.images, detector, wanted)
        assert found.all()
        away[way] = np.nanmean(np.abs(find_landmarks(crops, make_detector()) - template))
    before = np.nanmean(np.abs(find_landmarks(faces.images, make_detector()) - template))
    assert away["template"] < 1.2 < before and away["template"] < away["box"]


def test_an_image_without_a_face_is_left_as_it_is() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (2, 48, 48)).astype(np.uint8)
    crops, found = pipeline_crops(noise, open_detector("yunet"), None)
    assert not found.any() and np.array_equal(crops, noise)
    classifier = open_classifier("fer3")
    nobody = FaceSet(noise, np.array([3, 6]), np.array(["PublicTest"] * 2))
    with pytest.raises(TrainingDataError, match="none of the images"):
        evaluation = evaluate(classifier, nobody)
        measure(classifier, nobody, evaluation, open_detector("yunet"), by_box=False)


def test_a_training_image_as_a_picture_has_its_luma_and_no_colour() -> None:
    frame = as_frame(cut(1))
    assert frame.image is not None
    assert frame.image.shape == (frame.height * 3 // 2, frame.width)
    assert (frame.image[frame.height :] == 128).all() and frame.full_range


def test_calibrate_and_evaluate_by_command(
    faces: FaceSet, tmp_path: Path, commands: object
) -> None:
    data, _ = write_csv(tmp_path, with_votes(faces))
    out = tmp_path / "landmarks.npz"
    said = CliRunner().invoke(commands, ["calibrate", str(data), "-o", str(out)])  # type: ignore[arg-type]
    assert said.exit_code == 0, said.output
    assert "faces found in 100.0% of 16 images" in said.output
    assert load(data, landmarks=out).landmarks is not None
    measured = CliRunner().invoke(
        commands,  # type: ignore[arg-type]
        ["evaluate", "fer3", str(data), "--as-video", "--json"],
    )
    assert measured.exit_code == 0, measured.output
    ways = json.loads(measured.stdout)["as_video"]
    assert set(ways) == {"template", "box"}
    for found in ways.values():
        assert found["found"] == 1.0
        assert found["accuracy_direct"] == json.loads(measured.stdout)["accuracy"]
        # Labels that agree in so many images can differ in accuracy by no more than the rest.
        gap = abs(found["accuracy_direct"] - found["accuracy_aligned"])
        assert gap <= 1 - found["agreement"] + 1e-9
    shown = CliRunner().invoke(commands, ["evaluate", "fer3", str(data), "--as-video"])  # type: ignore[arg-type]
    for way, found in ways.items():
        line = next(line for line in shown.stdout.splitlines() if line.startswith(way + " "))
        assert f"{found['agreement']:.1%}" in line and f"{found['accuracy_aligned']:.1%}" in line


def test_calibrate_says_where_there_is_no_face(tmp_path: Path, commands: object) -> None:
    plain = made_faces(7, 0)
    plain.images[:] = 90
    folder, out = write_folder(tmp_path / "data", plain), tmp_path / "landmarks.npz"
    said = CliRunner().invoke(commands, ["calibrate", str(folder), "-o", str(out)])  # type: ignore[arg-type]
    assert isinstance(said.exception, TrainingDataError)
    assert str(folder) in str(said.exception) and "7 images" in str(said.exception)
    assert list(tmp_path.iterdir()) == [tmp_path / "data"]


def with_votes(faces: FaceSet) -> FaceSet:
    """With ten votes for what each row is called, as files of FER+ hold them."""
    votes = np.zeros((len(faces), 10), np.uint8)
    return FaceSet(faces.images, faces.emotion, faces.split, votes)
