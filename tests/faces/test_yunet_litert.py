"""YuNet on LiteRT finds what OpenCV's finds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_batch.faces import yunet, yunet_litert
from fer_batch.faces.onnx import read_graph
from fer_batch.faces.yunet_litert import LiteRtYuNet, build
from fer_batch.faces.yunet_opencv import OpenCvYuNet
from fer_batch.types import FloatArray, Image
from tests.footage import pictures

TOLERANCE = 5e-3  # pixels


@pytest.fixture(scope="module")
def both() -> tuple[LiteRtYuNet, OpenCvYuNet]:
    return LiteRtYuNet(yunet.WEIGHTS, 0.5), OpenCvYuNet(yunet.WEIGHTS, 0.5)


def matched(one: FloatArray, other: FloatArray) -> None:
    """Equal but for rounding; a face at the border of the threshold may be in one only."""
    sure = [found[found[:, 14] >= 0.5001] for found in (one, other)]
    assert sure[0].shape == sure[1].shape
    np.testing.assert_allclose(sure[0], sure[1], atol=TOLERANCE)


@pytest.mark.parametrize("size", [(320, 180), (360, 202), (96, 96), (64, 36), (2, 2), (640, 358)])
def test_the_same_faces_as_opencv(
    size: tuple[int, int], both: tuple[LiteRtYuNet, OpenCvYuNet]
) -> None:
    litert, opencv = both
    for frame in pictures.two_faces(50)[::7]:
        picture = pictures.cover(frame, *size)
        matched(litert.find(picture), opencv.find(picture))


def test_black_around_a_picture_stays_black(both: tuple[LiteRtYuNet, OpenCvYuNet]) -> None:
    """Pictures of several sizes share an input: what a larger one left must be gone."""
    litert, opencv = both
    frame = pictures.two_faces(50)[0]
    for size in ((352, 192), (330, 170), (352, 192), (322, 162)):
        picture = pictures.cover(frame, *size)
        matched(litert.find(picture), opencv.find(picture))


def test_sizes_that_were_used_long_ago_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yunet_litert, "MOST_PIXELS", 3 * 64 * 64)
    detector = LiteRtYuNet(yunet.WEIGHTS, 0.5)
    for _ in range(2):
        for width in (32, 64, 96, 128):
            detector.find(np.zeros((64, width, 3), np.uint8))
            assert 0 < detector.pixels_ready <= 3 * 64 * 64


def test_another_network_is_refused() -> None:
    graph = read_graph(yunet.WEIGHTS.read_bytes())
    graph.nodes[:] = [n for n in graph.nodes if n.kind != "Add"]
    with pytest.raises(ValueError, match="not YuNet's network"):
        build(graph, 64, 64)


def test_opencv_serves_where_litert_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert yunet.open_network(yunet.WEIGHTS, 0.6).runtime.startswith("litert ")

    def missing(weights: Path, least: float) -> LiteRtYuNet:
        raise ImportError("no module named ai_edge_litert")

    monkeypatch.setattr(yunet_litert, "LiteRtYuNet", missing)
    assert yunet.open_network(yunet.WEIGHTS, 0.6).runtime.startswith("opencv ")


def test_the_same_faces_as_opencv_in_real_clips(
    real_clips: Path, both: tuple[LiteRtYuNet, OpenCvYuNet]
) -> None:
    litert, opencv = both
    compared = 0
    for clip in sorted(real_clips.glob("*.m*")):
        video = cv2.VideoCapture(str(clip))
        for index in range(120):
            there, frame = video.read()
            if not there:
                break
            if index % 12 == 0:
                picture: Image = cv2.resize(frame, (360, 202), interpolation=cv2.INTER_AREA)
                found = litert.find(picture)
                matched(found, opencv.find(picture))
                compared += len(found)
    assert compared > 20
