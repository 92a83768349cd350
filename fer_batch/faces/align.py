"""Crops that look to the model as its training images did.

The five landmarks of a face are laid on the template that the model's card carries, by the
similarity transform with the least squared error (Umeyama, 1991), and luma is sampled there.
"""

from __future__ import annotations

import cv2
import numpy as np

from fer_batch.types import Detections, FloatArray, Frame, Image

APPEARANCE_SIDE = 12

# Luma from video range (16 to 235) to full range, as grey training images have it.
_FULL_RANGE = np.clip(np.round((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


def similarity(landmarks: FloatArray, template: FloatArray) -> FloatArray:
    """The transform ``float32[2, 3]`` that lays ``landmarks [k, 2]`` on ``template [k, 2]``.

    Rotation, uniform scale and shift, never a mirror image (Umeyama, 1991, for two dimensions).
    """
    source = np.asarray(landmarks, np.float64)
    target = np.asarray(template, np.float64)
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    source, target = source - source_mean, target - target_mean
    norm = max(float((source**2).sum()), 1e-9)
    a = float((source * target).sum()) / norm
    b = float((source[:, 0] * target[:, 1] - source[:, 1] * target[:, 0]).sum()) / norm
    turn = np.array([[a, -b], [b, a]])
    shift = target_mean - turn @ source_mean
    return np.hstack([turn, shift[:, None]]).astype(np.float32)


def crop_faces(frame: Frame, faces: Detections, template: FloatArray, size: int) -> Image:
    """Grey crops ``uint8[n, size, size]`` in full range of all faces of a frame.

    ``template float32[5, 2]``: landmark positions in crop pixels. A face without landmarks (NaN)
    is taken as its box.
    """
    crops = np.empty((len(faces), size, size), np.uint8)
    for crop, box, landmarks in zip(crops, faces.box, faces.landmarks, strict=True):
        if np.isnan(landmarks).any():
            _from_box(frame.luma, box, crop)
        else:
            _warp(frame.luma, similarity(landmarks, template), crop)
    return crops if frame.full_range else _FULL_RANGE[crops]


def appearance(crops: Image) -> FloatArray:
    """What a face looks like, coarsely: ``float32[n, 144]`` unit vectors from ``crops``.

    Aligned crops averaged to 12 × 12 and standardised; the product of two is their normalised
    correlation. Measured on film: above 0.6 from frame to frame within a shot, mostly above 0.9;
    about 0.4 and less across a cut to someone else. It follows people, it does not identify them.
    """
    side = APPEARANCE_SIDE
    small = np.empty((len(crops), side, side), np.float32)
    for target, crop in zip(small, crops, strict=True):
        target[:] = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    vectors = small.reshape(len(crops), side * side)
    vectors = vectors - vectors.mean(axis=1, keepdims=True)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)


def _from_box(luma: Image, box: FloatArray, crop: Image) -> None:
    x, y, w, h = box
    part = luma[int(y) : int(np.ceil(y + h)), int(x) : int(np.ceil(x + w))]
    shrinks = part.shape[0] > crop.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    crop[:] = cv2.resize(part, crop.shape[::-1], interpolation=method)


def _warp(luma: Image, transform: FloatArray, crop: Image) -> None:
    """Sample ``crop`` through ``transform``; large faces are averaged down first.

    Bilinear sampling at less than half size would skip pixels (aliasing), so the region of the
    face is halved by area as often as needed before.
    """
    size = crop.shape[0]
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    if scale < 0.5:
        luma, transform = _reduced(luma, transform, scale, size)
    cv2.warpAffine(
        luma,
        transform,
        (size, size),
        dst=crop,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _reduced(
    luma: Image, transform: FloatArray, scale: float, size: int
) -> tuple[Image, FloatArray]:
    """The part of ``luma`` that the crop shows, shrunk by a whole factor, and its transform."""
    factor = int(1 / scale)
    inverse = cv2.invertAffineTransform(transform)
    corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]]) @ inverse.T
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - factor, 0)
    high = np.minimum(
        np.ceil(corners.max(axis=0)).astype(int) + factor, (luma.shape[1], luma.shape[0])
    )
    cells = (high - low) // factor
    if (cells < 2).any():
        return luma, transform
    high = low + cells * factor
    part = cv2.resize(
        luma[low[1] : high[1], low[0] : high[0]],
        (int(cells[0]), int(cells[1])),
        interpolation=cv2.INTER_AREA,
    )
    # A pixel of the part at p stands for the source pixel at low + factor * p + (factor - 1) / 2.
    moved = transform.copy()
    moved[:, 2] += transform[:, :2] @ (low + (factor - 1) / 2).astype(np.float32)
    moved[:, :2] *= factor
    return part, moved
