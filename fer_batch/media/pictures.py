"""Small pictures out of a frame: thumbnails and whole images as JPEG."""

from __future__ import annotations

import cv2
import numpy as np

from fer_batch.media import planes
from fer_batch.types import FloatArray, Frame, Image

JPEG_QUALITY = 90


def jpeg(frame: Frame, width: int = 0, height: int = 0) -> bytes:
    """A frame as JPEG, at most ``width`` wide and ``height`` high (0: as it is)."""
    assert frame.image is not None
    bgr = planes.to_bgr(frame.image, frame.full_range, frame.matrix)[: frame.height, : frame.width]
    rows, columns = bgr.shape[:2]
    scale = min(width / columns if width else 1.0, height / rows if height else 1.0)
    if scale < 1:
        size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
        bgr = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    return _encoded(bgr)


def portrait(frame: Frame, box: FloatArray, side: int, margin: float = 0.35) -> bytes:
    """JPEG of one face with some room around it, ``side`` × ``side`` pixels."""
    assert frame.image is not None
    bgr = planes.to_bgr(frame.image, frame.full_range, frame.matrix)
    centre = box[:2] + box[2:] / 2
    half = max(float(box[2:].max()) * (0.5 + margin), 4.0)
    transform = np.array(
        [
            [side / (2 * half), 0, side / 2 - centre[0] * side / (2 * half)],
            [0, side / (2 * half), side / 2 - centre[1] * side / (2 * half)],
        ]
    )
    shrink = 2 * half / side
    if shrink > 2:
        # Warping samples single pixels: average down first where the face is large.
        factor = int(shrink)
        size = (bgr.shape[1] // factor, bgr.shape[0] // factor)
        bgr = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
        transform[:, :2] *= factor
    face = cv2.warpAffine(bgr, transform, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return _encoded(face)


def _encoded(bgr: Image) -> bytes:
    ok, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not ok:
        raise RuntimeError("a JPEG could not be encoded")
    return bytes(data)
