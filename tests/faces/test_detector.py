"""The contract of every detector, and what is YuNet's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.config import DETECTORS
from fer_batch.errors import ModelFileError, UnknownModelError
from fer_batch.faces import yunet
from fer_batch.faces.detector import Detector, open_detector
from fer_batch.faces.interpolate import iou
from fer_batch.faces.weights import checked_hash
from fer_batch.media.planes import from_bgr
from fer_batch.types import Detections, Frame, Image
from tests.footage import pictures


def frame_of(bgr: Image) -> Frame:
    h, w = bgr.shape[:2]
    return Frame(0, 0, from_bgr(bgr), w, h)


@pytest.fixture(scope="module")
def frames() -> dict[str, Frame]:
    """Pictures of many kinds, by name."""
    faces = pictures.two_faces(50)[0]
    small, odd = (pictures.cover(faces, *size) for size in ((64, 36), (321, 241)))
    cut = faces[40:, 75:]  # half a face at the edge
    made = {"faces": faces, "small": small, "odd": odd, "cut": cut}
    made["nobody"] = pictures.numbered(300)
    made["tall"] = pictures.cover(faces, 120, 400)
    made["one pixel"] = np.zeros((1, 1, 3), np.uint8)
    made["a line"] = np.full((3, 640, 3), 200, np.uint8)
    return {name: frame_of(picture) for name, picture in made.items()}


@pytest.fixture(scope="module", params=DETECTORS)
def detector(request: pytest.FixtureRequest) -> Detector:
    return open_detector(request.param)


KINDS = ("faces", "small", "odd", "cut", "nobody", "tall", "one pixel", "a line")


@pytest.mark.parametrize("kind", KINDS)
def test_boxes_lie_within_the_picture(
    kind: str, detector: Detector, frames: dict[str, Frame]
) -> None:
    frame = frames[kind]
    found = detector.detect(frame)
    for array in (found.box, found.confidence, found.landmarks):
        assert array.dtype == np.float32
    x, y, w, h = found.box.T
    assert (x >= 0).all() and (y >= 0).all() and (w > 0).all() and (h > 0).all()
    assert (x + w <= frame.width + 1e-3).all() and (y + h <= frame.height + 1e-3).all()
    assert (found.confidence > 0).all() and (found.confidence <= 1).all()
    assert (np.diff(found.confidence) <= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_frame_gives_the_same_faces(
    kind: str, detector: Detector, frames: dict[str, Frame]
) -> None:
    first = detector.detect(frames[kind])
    for other in KINDS:
        detector.detect(frames[other])
    again = open_detector(detector.name).detect(frames[kind])
    for found in (detector.detect(frames[kind]), again):
        assert (found.box == first.box).all() and (found.confidence == first.confidence).all()
        assert np.array_equal(found.landmarks, first.landmarks, equal_nan=True)


def test_the_frame_is_left_as_it_was(detector: Detector, frames: dict[str, Frame]) -> None:
    image = frames["faces"].image
    assert image is not None
    before = image.copy()
    detector.detect(frames["faces"])
    assert (image == before).all()


def test_detectors_are_known_by_name_and_hash(detector: Detector) -> None:
    assert detector.name in DETECTORS
    assert detector.sha256 == (yunet.SHA256 if detector.name == "yunet" else "")


def test_unknown_names_are_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownModelError, match=r"'haar'.*yunet, none"):
        open_detector("haar")


def test_none_takes_the_whole_picture(frames: dict[str, Frame]) -> None:
    found = open_detector("none").detect(frames["odd"])
    assert found.box.tolist() == [[0, 0, 321, 241]]
    assert found.confidence.tolist() == [1] and np.isnan(found.landmarks).all()


def found_by_yunet(picture: Image, **options: float) -> Detections:
    return open_detector("yunet", **options).detect(frame_of(picture))  # type: ignore[arg-type]


def test_yunet_finds_two_people_and_nobody(frames: dict[str, Frame]) -> None:
    found = open_detector("yunet").detect(frames["faces"])
    assert len(found) == 2
    for (x, y, w, h), landmarks in zip(found.box, found.landmarks, strict=True):
        assert ((landmarks > [x, y]) & (landmarks < [x + w, y + h])).all()
        right_eye, left_eye, nose, right_mouth, left_mouth = landmarks
        assert right_eye[0] < left_eye[0] and right_mouth[0] < left_mouth[0]
        assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])
    assert len(open_detector("yunet").detect(frames["nobody"])) == 0


@pytest.mark.parametrize("factor", [2, 4])
def test_yunet_finds_the_same_faces_in_larger_pictures(factor: int) -> None:
    picture = pictures.two_faces(50)[0]
    large = pictures.cover(picture, 320 * factor, 180 * factor)
    one, other = found_by_yunet(picture), found_by_yunet(large)
    assert len(one) == len(other) == 2
    overlap = iou(one.box * factor, other.box)
    assert (overlap.max(axis=1) > 0.75).all()


def test_small_faces_need_a_small_min_face() -> None:
    canvas = np.full((720, 1280, 3), 90, np.uint8)
    canvas[300:372, 600:728] = pictures.cover(pictures.two_faces(50)[0], 128, 72)
    assert len(found_by_yunet(canvas)) == 0
    assert len(found_by_yunet(canvas, min_face=15)) == 2


@pytest.mark.parametrize("size", [(5120, 960), (960, 5120)])
def test_faces_in_panoramas_are_found(size: tuple[int, int]) -> None:
    """Screens side by side; a scroll of a call."""
    width, height = size
    canvas = np.full((height, width, 3), 90, np.uint8)
    for share in (0.1, 0.5, 0.8):
        left, top = round(share * (width - 640)), round(share * (height - 360))
        canvas[top : top + 360, left : left + 640] = pictures.two_faces(50, 640, 360)[0]
    assert len(found_by_yunet(canvas)) == 6


@pytest.mark.parametrize("size", [(640, 360), (1920, 800), (1080, 2400), (480, 640), (1280, 1280)])
def test_usual_shapes_are_searched_at_360_pixels(size: tuple[int, int]) -> None:
    assert max(yunet.YuNet(None, 0.6, 0).input_size(*size)) == 360


@pytest.mark.parametrize(("scale", "min_face", "kept"), [(1, 220, 2), (1, 250, 1), (2, 500, 1)])
def test_faces_smaller_than_asked_for_are_left_out(scale: float, min_face: int, kept: int) -> None:
    frame = replace(frame_of(np.zeros((360, 640, 3), np.uint8)), scale=scale)
    found = np.zeros((2, 15), np.float32)  # in a copy of a tenth of the size
    found[:, :4] = [[2, 2, 20, 22], [40, 2, 30, 33]]  # one reaches out of the picture
    found[:, 14] = [0.9, 0.8]
    boxes = yunet.placed(found, frame, (64, 36), min_face).box
    assert len(boxes) == kept and boxes[-1].tolist() == [400, 20, 240, 330]


def test_least_confidence_is_kept_to() -> None:
    picture = pictures.two_faces(50)[0]
    every = found_by_yunet(picture, min_confidence=0.3)
    border = float(np.sort(every.confidence)[-2:].mean())
    fewer = found_by_yunet(picture, min_confidence=border)
    assert 0 < len(fewer) < len(every)
    assert (fewer.confidence >= border).all()


@settings(max_examples=60)
@given(st.integers(1, 8192), st.integers(1, 8192), st.sampled_from([0, 5, 40, 400, 4000]))
def test_yunet_searches_a_smaller_picture_of_the_same_shape(
    width: int, height: int, min_face: int
) -> None:
    w, h = open_detector_once(min_face).input_size(width, height)
    assert w % 2 == 0 and h % 2 == 0 and w >= 2 and h >= 2
    assert max(w, h) <= max(yunet.LONGEST_INPUT, 64)
    assert max(w, h) <= max(max(width, height) + 1, 64)
    scale = max(w, h) / max(width, height)
    assert abs(w - width * scale) <= 2 and abs(h - height * scale) <= 2


_OPEN: dict[int, yunet.YuNet] = {}


def open_detector_once(min_face: int) -> yunet.YuNet:
    if min_face not in _OPEN:
        _OPEN[min_face] = yunet.YuNet(None, 0.6, min_face)
    return _OPEN[min_face]


def test_weights_that_are_missing_or_no_yunet(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"gone\.onnx: no such file"):
        open_detector("yunet", str(tmp_path / "gone.onnx"))
    text = tmp_path / "text.onnx"
    text.write_text("not a network")
    with pytest.raises(ModelFileError, match=r"text\.onnx: is not a YuNet model"):
        open_detector("yunet", str(text))
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(yunet.WEIGHTS.read_bytes()[:100_000])
    with pytest.raises(ModelFileError, match=r"cut\.onnx"):
        open_detector("yunet", str(cut))


def test_shipped_weights_are_checked_by_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytearray(yunet.WEIGHTS.read_bytes())
    content[100_000] ^= 1
    damaged = tmp_path / "yunet.onnx"
    damaged.write_bytes(content)
    monkeypatch.setattr(yunet, "WEIGHTS", damaged)
    with pytest.raises(ModelFileError, match=r"yunet\.onnx: is not the expected file"):
        open_detector("yunet")
    # Weights of one's own are taken, and known by their own hash.
    assert open_detector("yunet", str(damaged)).sha256 == checked_hash(damaged, None)
    assert checked_hash(damaged, None) != yunet.SHA256


def test_other_weights_that_are_the_same_file_find_the_same(tmp_path: Path) -> None:
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(yunet.WEIGHTS.read_bytes())
    picture = frame_of(pictures.two_faces(50)[0])
    one, other = open_detector("yunet"), open_detector("yunet", str(copy))
    assert one.sha256 == other.sha256
    assert (one.detect(picture).box == other.detect(picture).box).all()


@pytest.mark.parametrize("name", DETECTORS)
def test_many_are_found_as_one_by_one(name: str, frames: dict[str, Frame]) -> None:
    detector, some = open_detector(name), [frames[kind] for kind in sorted(frames)]
    assert detector.detect_many([]) == []
    found = detector.detect_many(some)
    assert len(found) == len(some)
    for frame, faces in zip(some, found, strict=True):
        assert np.array_equal(faces.box, detector.detect(frame).box)
