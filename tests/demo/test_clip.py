"""The demo clip: two faces that can be found, sound, and the same bytes each time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from fer_batch.demo import write_clip
from fer_batch.demo.expression import express
from fer_batch.demo.portraits import VENDOR, eileen_collins
from fer_batch.demo.scene import SECONDS, Scene
from fer_batch.demo.sound import RATE, chord
from fer_batch.errors import OutputPathError
from fer_batch.types import Image
from tests.footage import oracle


@pytest.fixture(scope="module")
def faces_in() -> Callable[[Image], np.ndarray]:
    """YuNet itself, without fer-batch's code around it: boxes from left to right."""
    network = str(VENDOR / "face_detection_yunet_2023mar.onnx")
    detector = cv2.FaceDetectorYN.create(network, "", (640, 360), 0.7)

    def find(picture: Image) -> np.ndarray:
        _, found = detector.detect(picture)
        rows = np.zeros((0, 15)) if found is None else found
        return rows[rows[:, 0].argsort(), :4]

    return find


def test_same_bytes_each_time_and_every_stream(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    first = write_clip(tmp_path / "a.mp4", seconds=0.4, on_frame=lambda *count: told.append(count))
    second = write_clip(tmp_path / "b.mp4", seconds=0.4)
    assert first.read_bytes() == second.read_bytes()
    assert told == [(i + 1, 10) for i in range(10)]
    found = oracle.decoded(first)
    assert (len(found), found.width, found.height) == (10, 640, 360)
    assert found.times[-1] == pytest.approx(9 / 25)
    assert oracle.has_sound(first)
    with av.open(str(first)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.audio[0].codec_context.name == "aac"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_two_faces_that_keep_apart_and_one_that_leaves(
    faces_in: Callable[[Image], np.ndarray],
) -> None:
    scene = Scene()
    for second in np.arange(0, SECONDS, 0.5):
        boxes = faces_in(scene.at(float(second)))
        if 5.0 <= second <= 5.5:
            assert len(boxes) == 1, second
        elif not 3.8 < second < 6.6:
            assert len(boxes) == 2, second
            assert boxes[0][0] + boxes[0][2] < boxes[1][0]


def test_expressions_change() -> None:
    left = eileen_collins()
    low, high = express(left, -1.0), express(left, 1.0)
    mouth = np.s_[120:170, 185:255]
    assert np.abs(low[mouth].astype(int) - high[mouth]).mean() > 5
    # Only the face moves: away from it the portrait is as it was.
    assert np.array_equal(low[300:], left.image[300:])


def test_sound_is_audible_and_not_clipped() -> None:
    sound = chord(1.0)
    assert sound.shape == (2, RATE)
    assert 0.05 < np.abs(sound).max() < 0.5
    assert np.abs(sound[:, [0, -1]]).max() < 0.01


def test_a_place_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputPathError, match="file"):
        write_clip(tmp_path / "file" / "demo.mp4", seconds=0.1)
