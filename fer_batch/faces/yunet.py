"""YuNet (Wu, Peng, Yu: "YuNet: A Tiny Millisecond-level Face Detector", 2023)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from fer_batch.faces.rotations import find_all
from fer_batch.faces.weights import checked_hash
from fer_batch.types import Detections, FloatArray, Frame, Image

logger = logging.getLogger(__name__)
WEIGHTS = Path(__file__).parent.parent / "_vendor" / "face_detection_yunet_2023mar.onnx"
SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"

# YuNet finds faces from about 10 pixels on; at 14.4 a 25th of the longer side needs 360 pixels,
# where landmarks of larger faces are steadier than at 320.
FACE_AT_INPUT = 14.4
SMALLEST_SHARE = 25
# In panoramas, strips and rows of screens such a face could be as high as they are: there the
# longer side counts as this many of the shorter one. Films (up to 2.4) and phones' screens are not
# as long.
LONGEST_SHAPE = 2.5
# Faces of 300 pixels and more are found worse than smaller ones, so inputs are never larger.
LONGEST_INPUT = 1920


class Network(Protocol):
    """What runs the network and reads its answer; which one changes no more than rounding does."""

    runtime: str

    def find(self, picture: Image) -> FloatArray:
        """Faces in ``uint8[h, w, 3]`` BGR by falling confidence: ``float32[n, 15]`` with box (x, y,
        w, h), five landmarks (x, y), confidence."""
        ...


class YuNet:
    """Detects on a copy of the frame scaled down as far as the smallest wanted face allows.

    ``rotations``: faces that lie sideways or upside down are searched as well."""

    name = "yunet"

    def __init__(
        self, weights: Path | None, min_confidence: float, min_face: int, rotations: bool = False
    ) -> None:
        self.weights, self.min_confidence = weights or WEIGHTS, min_confidence
        self.sha256 = checked_hash(self.weights, None if weights else SHA256)
        self.min_face, self._rotations = min_face, rotations
        self._network = open_network(self.weights, min_confidence)
        self.runtime = self._network.runtime

    def input_size(self, width: int, height: int) -> tuple[int, int]:
        """Size in pixels, even, at which a picture of that size is searched; never enlarged."""
        longer = max(width, height)
        usual = min(longer, LONGEST_SHAPE * min(width, height))
        min_face = self.min_face or usual / SMALLEST_SHARE
        wanted = min(longer, LONGEST_INPUT, FACE_AT_INPUT / min_face * longer)
        scale = max(wanted, 64) / longer
        return (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))

    def detect(self, frame: Frame) -> Detections:
        """Faces in the pixels of ``frame``; see ``Detector``."""
        assert frame.image is not None
        size, find = self.size_for(frame), self._network.find
        small = small_bgr(frame.image, *size)
        found = find_all(small, find) if self._rotations else find(small)
        return placed(found, frame, size, self.min_face)

    def size_for(self, frame: Frame) -> tuple[int, int]:
        """Width and height at which ``frame`` is searched: the smallest face is meant in pixels of
        the source, of which a photo may have more."""
        return self.input_size(round(frame.width * frame.scale), round(frame.height * frame.scale))

    def detect_many(self, frames: Sequence[Frame]) -> list[Detections]:
        """See ``Detector``."""
        return [self.detect(frame) for frame in frames]


def open_network(weights: Path, min_confidence: float) -> Network:
    """LiteRT's where it is there and knows the weights, else OpenCV's.

    Raises:
        ModelFileError: neither can load them.
    """
    from fer_batch.faces.yunet_litert import LiteRtYuNet
    from fer_batch.faces.yunet_opencv import OpenCvYuNet

    try:
        return LiteRtYuNet(weights, min_confidence)
    except (ImportError, ValueError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        network = OpenCvYuNet(weights, min_confidence)
        logger.warning(
            "YuNet runs on OpenCV, which is slower and differs in the last digits: LiteRT cannot "
            "run %s (%s)",
            weights,
            reason,
        )
        return network


def small_bgr(image: Image, width: int, height: int) -> Image:
    """``uint8[height, width, 3]`` of an I420 picture: planes are scaled before conversion."""
    return cv2.cvtColor(small_i420(image, width, height), cv2.COLOR_YUV2BGR_I420)


def small_i420(image: Image, width: int, height: int) -> Image:
    """An I420 picture at another size, ``uint8[height * 3 // 2, width]``; sides are even."""
    h, w = image.shape[0] * 2 // 3, image.shape[1]
    if (w, h) == (width, height):
        return image
    chroma = image[h:].reshape(2, h // 2, w // 2)
    small = np.empty((height * 3 // 2, width), np.uint8)
    cv2.resize(image[:h], (width, height), dst=small[:height], interpolation=cv2.INTER_AREA)
    half = small[height:].reshape(2, height // 2, width // 2)
    for source, target in zip(chroma, half, strict=True):
        cv2.resize(source, (width // 2, height // 2), dst=target, interpolation=cv2.INTER_AREA)
    return small


def placed(
    found: FloatArray, frame: Frame, size: tuple[int, int], min_face: float = 0
) -> Detections:
    """What was found in a copy of ``frame`` of that width and height, in pixels of the frame, cut
    to the picture; slivers outside it are dropped, and faces whose longer side is less than
    ``min_face`` pixels of the source."""
    height, width = frame.luma.shape
    scale = np.array([width / size[0], height / size[1]], np.float32)
    start = found[:, 0:2] * scale
    sides = found[:, 2:4] * scale
    stop = start + sides
    limit = np.array([frame.width, frame.height], np.float32)
    start, stop = np.clip(start, 0, limit), np.clip(stop, 0, limit)
    box = np.concatenate([start, stop - start], axis=1)
    landmarks = found[:, 4:14].reshape(-1, 5, 2) * scale
    keep = (box[:, 2] >= 2) & (box[:, 3] >= 2) & (sides.max(axis=1) * frame.scale >= min_face)
    order = np.argsort(-found[keep, 14], kind="stable")
    return Detections(
        np.ascontiguousarray(box[keep][order]),
        np.ascontiguousarray(found[keep, 14][order]),
        np.ascontiguousarray(landmarks[keep][order]),
    )
