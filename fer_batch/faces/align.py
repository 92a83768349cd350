"""Crops that look to the model as its training images did.

The five landmarks of a face are laid on the template that the model's card carries, by the
similarity transform with the least squared error (Umeyama, 1991), and luma is sampled there.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from fer_batch.types import Detections, FloatArray, Frame, HalfArray, Image

APPEARANCE_SIDE = 12

# Luma from video range (16 to 235) to full range, as grey training images have it.
_FULL_RANGE = np.clip(np.round((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


def similarity(landmarks: FloatArray, template: FloatArray) -> FloatArray:
    """The transform ``float32[2, 3]`` that lays ``landmarks [k, 2]`` on ``template [k, 2]``.

    Rotation, uniform scale and shift, never a mirror image (Umeyama, 1991, for two dimensions).
    Plain numbers: for so few points arrays take ten times as long.
    """
    points, wanted = landmarks.tolist(), template.tolist()
    count = len(points)
    x0, y0 = sum(p[0] for p in points) / count, sum(p[1] for p in points) / count
    u0, v0 = sum(q[0] for q in wanted) / count, sum(q[1] for q in wanted) / count
    along = across = norm = 0.0
    for (x, y), (u, v) in zip(points, wanted, strict=True):
        x, y, u, v = x - x0, y - y0, u - u0, v - v0
        along += x * u + y * v
        across += x * v - y * u
        norm += x * x + y * y
    a, b = along / max(norm, 1e-9), across / max(norm, 1e-9)
    return np.array([[a, -b, u0 - a * x0 + b * y0], [b, a, v0 - b * x0 - a * y0]], dtype=np.float32)


def crop_faces(frame: Frame, faces: Detections, template: FloatArray, size: int) -> Image:
    """Grey crops ``uint8[n, size, size]`` in full range of all faces of a frame.

    ``template float32[5, 2]``: landmark positions in crop pixels. A face without landmarks (NaN)
    is taken as its box.
    """
    crops, luma = np.empty((len(faces), size, size), np.uint8), frame.luma
    for crop, box, landmarks in zip(crops, faces.box, faces.landmarks, strict=True):
        if np.isnan(landmarks).any():
            _from_box(luma, box, crop)
        else:
            sample(luma, similarity(landmarks, template), crop)
    return crops if frame.full_range else _FULL_RANGE[crops]


def appearance(crops: Image) -> HalfArray:
    """What a face looks like, coarsely: ``float16[n, 144]`` unit vectors from ``crops``.

    Aligned crops ``uint8[n, s, s]`` (``s`` at least 12) averaged to 12 × 12 and standardised; the
    product of two is their normalised correlation. Measured on film: above 0.6 from frame to frame
    within a shot, mostly above 0.9; about 0.4 and less across a cut to someone else. It follows
    people, it does not identify them.
    """
    count, side = len(crops), APPEARANCE_SIDE
    block = crops.shape[1] // side
    whole = crops[:, : block * side, : block * side]
    cells = whole.reshape(count, side, block, side, block).sum(axis=(2, 4), dtype=np.float32)
    vectors = cells.reshape(count, side * side)
    vectors -= vectors.mean(axis=1, keepdims=True)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return vectors.astype(np.float16)


def _from_box(luma: Image, box: FloatArray, crop: Image) -> None:
    x, y, w, h = box
    part = luma[int(y) : int(np.ceil(y + h)), int(x) : int(np.ceil(x + w))]
    shrinks = part.shape[0] > crop.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    crop[:] = cv2.resize(part, crop.shape[::-1], interpolation=method)


def sample(luma: Image, transform: FloatArray, crop: Image) -> None:
    """Sample ``crop`` through ``transform``; large faces are averaged down first.

    Bilinear sampling at less than half size would skip pixels (aliasing), so the region of the
    face is shrunk by area, by a whole factor, before.
    """
    size = crop.shape[0]
    region = reduction(luma.shape, transform, size)
    if region.factor > 1:
        part = luma[region.top : region.bottom, region.left : region.right]
        shape = (region.columns, region.rows)
        luma = cv2.resize(part, shape, interpolation=cv2.INTER_AREA)
    cv2.warpAffine(
        luma,
        region.transform,
        (size, size),
        dst=crop,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


class Reduction(NamedTuple):
    """The part of a picture that is shrunk by a whole factor before a crop is sampled from it, and
    the transform from the shrunk part to the crop, ``float32[2, 3]``. Factor 1: all of it."""

    factor: int
    left: int
    top: int
    columns: int
    rows: int
    transform: FloatArray

    @property
    def right(self) -> int:
        return self.left + self.factor * self.columns

    @property
    def bottom(self) -> int:
        return self.top + self.factor * self.rows


def reduction(shape: tuple[int, ...], transform: FloatArray, size: int) -> Reduction:
    """How far a picture of ``shape`` (rows, columns) is shrunk for a crop of ``size`` pixels: by
    the largest whole factor that leaves more pixels than the crop has; by 1 from half size on."""
    (a, _, u), (b, _, v) = transform.tolist()
    scale = math.hypot(a, b)
    if 1e-6 < scale < 0.5:  # below, all landmarks are one point
        factor = int(1 / scale)
        norm = a * a + b * b
        # The crop's corners in the picture: the transform backwards.
        corners = [(x - u, y - v) for x in (0, size) for y in (0, size)]
        across = [(a * x + b * y) / norm for x, y in corners]
        down = [(a * y - b * x) / norm for x, y in corners]
        left, top = (max(math.floor(min(side)) - factor, 0) for side in (across, down))
        right = min(math.ceil(max(across)) + factor, shape[1])
        bottom = min(math.ceil(max(down)) + factor, shape[0])
        columns, rows = (right - left) // factor, (bottom - top) // factor
        if columns >= 2 and rows >= 2:
            # Pixel p of the part stands for the source's at left + factor p + (factor - 1) / 2.
            x, y = left + (factor - 1) / 2, top + (factor - 1) / 2
            moved = [
                [a * factor, -b * factor, u + a * x - b * y],
                [b * factor, a * factor, v + b * x + a * y],
            ]
            return Reduction(factor, left, top, columns, rows, np.array(moved, np.float32))
    return Reduction(1, 0, 0, shape[1], shape[0], transform)
