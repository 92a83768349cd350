"""Pictures of faces as the recognition network knows them, and how much each can tell.

dlib cuts a face out so that the corners of the eyes lie where they do in its mean face, with a
quarter of the face's size around it. YuNet finds other points, so the template holds the places
of those in the same mean face (centres of the eyes, tip of the nose, corners of the mouth), moved
by what separated people best on photographs.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from fer_batch.faces.align import sample, similarity
from fer_batch.faces.dlib_network import SIDE
from fer_batch.i420 import VIDEO_CHROMA, VIDEO_LUMA, planes
from fer_batch.types import FloatArray, Frame, Image

# In units of the face, from the mean of dlib's 68-point model.
_MEAN_FACE = np.array(
    [[0.2255, 0.2160], [0.7548, 0.2160], [0.4901, 0.5156], [0.2541, 0.7802], [0.7261, 0.7802]],
    np.float32,
)
_CENTRE, _LARGER, _HIGHER = np.array([0.49, 0.5], np.float32), 1.04, 0.02
_MARGIN = 0.25
_moved = (_MEAN_FACE - _CENTRE) * _LARGER + _CENTRE - np.array([0, _HIGHER], np.float32)
TEMPLATE: FloatArray = ((_moved + _MARGIN) / (1 + 2 * _MARGIN) * SIDE).astype(np.float32)
"""Where the five landmarks lie in a picture of a face, pixels."""


def face_chip(frame: Frame, landmarks: FloatArray) -> Image:
    """One face of ``frame``, upright: ``uint8[150, 150, 3]`` RGB. ``landmarks float32[5, 2]``."""
    assert frame.image is not None
    transform = similarity(landmarks, TEMPLATE)
    picture = np.empty((SIDE * 3 // 2, SIDE), np.uint8)
    luma, *chroma = planes(picture)
    sources = planes(frame.image)
    sample(sources.luma, transform, luma)
    # A chroma sample at c stands for luma at 2 c + 1/2, in the picture and in the crop.
    half = transform.copy()
    half[:, 2] = (transform[:, :2].sum(axis=1) / 2 + transform[:, 2] - 0.5) / 2
    for source, target in zip(sources[1:], chroma, strict=True):
        sample(source, half, target)
    if frame.full_range:  # OpenCV's conversion takes video range only
        luma[:] = cv2.convertScaleAbs(luma, None, *VIDEO_LUMA)
        picture[SIDE:] = cv2.convertScaleAbs(picture[SIDE:], None, *VIDEO_CHROMA)
    return cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_I420)


def span(landmarks: FloatArray) -> FloatArray:
    """Size of faces ``float32[n, 5, 2]`` in pixels, ``float32[n]``: how wide the mean face lies in
    the picture, whether the head is turned or not."""
    points = landmarks - landmarks.mean(axis=1, keepdims=True)
    mean = _MEAN_FACE - _MEAN_FACE.mean(axis=0)
    return np.asarray(np.sqrt((points**2).sum(axis=(1, 2)) / (mean**2).sum()), np.float32)


def size_and_turn(landmarks: FloatArray) -> tuple[float, float]:
    """The ``span`` of a face ``float32[5, 2]``, and how far it is from a frontal one: mean distance
    of its landmarks from the mean face laid on them, as a share of the face's size. A frontal face
    has about 0.03, one in profile 0.15 and more. NaN where landmarks are not known.

    Plain numbers: for so few points arrays take ten times as long.
    """
    points = _centred(landmarks)
    norm = sum(abs(p) ** 2 for p in points)
    # As complex numbers: one product turns and enlarges.
    product = sum(p.conjugate() * m for p, m in zip(points, _CENTRED_MEAN, strict=True))
    laid = product / max(norm, 1e-9)
    far = sum(abs(p * laid - m) for p, m in zip(points, _CENTRED_MEAN, strict=True))
    return math.sqrt(norm / _MEAN_NORM), far / len(points)


def _centred(points: FloatArray) -> list[complex]:
    """``float[k, 2]`` around their mean, as complex numbers."""
    numbers = [complex(x, y) for x, y in points.tolist()]
    middle = sum(numbers) / len(numbers)
    return [number - middle for number in numbers]


_CENTRED_MEAN = _centred(_MEAN_FACE)
_MEAN_NORM = sum(abs(m) ** 2 for m in _CENTRED_MEAN)


def sharpness(chip: Image) -> float:
    """Deviation of the second derivative of a picture of a face, in levels: 2 and less is blurred,
    10 and more is sharp."""
    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    inner = grey[SIDE // 5 : -SIDE // 5, SIDE // 5 : -SIDE // 5]
    return math.sqrt(float(cv2.Laplacian(inner, cv2.CV_32F).var()))


def to_jpeg(chip: Image) -> bytes:
    """A picture of a face in a few kilobytes, hardly changed."""
    done, data = cv2.imencode(".jpg", chip[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert done
    return bytes(data)


def from_jpeg(data: bytes) -> Image:
    """What ``to_jpeg`` made; ``uint8[150, 150, 3]`` RGB.

    Raises:
        ValueError: it is damaged.
    """
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if found is None or found.shape != (SIDE, SIDE, 3):
        raise ValueError("is not a picture of a face")
    return np.ascontiguousarray(found[..., ::-1])
