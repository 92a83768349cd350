"""Search of many pictures at once by Keras 3: from luma and small colour planes to candidates.

All of it is one graph of fixed shapes: shrinking, colours, YuNet, the likeliest cells and what they
say. Candidates that overlap are sifted on the host (``candidates.without_doubles``): that takes a
few microseconds a face and has no fixed shape.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from fer_batch.faces.candidates import BOX, CLASS, LANDMARKS, MOST_CANDIDATES, OBJECT, STRIDES
from fer_batch.faces.yunet_keras import KerasYuNet
from fer_batch.faces.yunet_network import TIMES
from fer_batch.types import FloatArray, Image

Size = tuple[int, int]
"""Rows and columns."""
NO_COLOUR = 128
# From luma and chroma of BT.601 in video range to red, green and blue, as OpenCV has them (numbers
# are those of its fixed point, over 2^20).
LUMA, BLUE_CB, GREEN_CB, GREEN_CR, RED_CR = (
    number / (1 << 20) for number in (1220542, 2116026, -409993, -852492, 1673527)
)


def filled(size: Size) -> Size:
    """The size with sides that are multiples of 32: what pictures of that size are filled up to."""
    return -(-size[0] // TIMES) * TIMES, -(-size[1] // TIMES) * TIMES


def search_graph(network: KerasYuNet, count: int, picture: Size, small: Size) -> Any:
    """A Keras model that searches ``count`` pictures of ``picture`` at the size ``small``.

    Both sizes are filled up. Inputs: ``luma uint8[n, H, W]``; ``chroma uint8[n, 2, h / 2, w / 2]``,
    both planes shrunk, ``NO_COLOUR`` outside the picture; ``rows float32[h, H]`` and
    ``columns float32[w, W]`` of ``shrinking``. Output: ``float32[n, k, 15]``, rows as
    ``candidates.faces`` has them, the likeliest first, k at most 500.
    """
    import keras

    (height, width), (h, w) = picture, small
    luma = keras.Input(batch_shape=(count, height, width), dtype="uint8", name="luma")
    chroma = keras.Input(batch_shape=(count, 2, h // 2, w // 2), dtype="uint8", name="chroma")
    rows = keras.Input(batch_shape=(h, height), dtype="float32", name="rows")
    columns = keras.Input(batch_shape=(w, width), dtype="float32", name="columns")
    found = _likeliest(network.maps(_bgr(luma, chroma, rows, columns)), small)
    return keras.Model([luma, chroma, rows, columns], found, name="search")


@lru_cache(maxsize=16)
def shrinking(source: int, target: int) -> FloatArray:
    """Weights ``float32[filled target, filled source]`` that shrink one side of a picture as OpenCV
    does by area; zeros beyond the picture."""
    weights = np.zeros((filled((target, 0))[0], filled((source, 0))[0]), np.float32)
    every = np.eye(source, dtype=np.float32)
    if source != target:
        every = cv2.resize(every, (source, target), interpolation=cv2.INTER_AREA)
    weights[:target, :source] = every
    return weights


def small_chroma(image: Image, size: Size, out: Image) -> None:
    """Shrink both colour planes of an I420 picture to half of ``size`` (rows, columns) into
    ``out uint8[2, h / 2, w / 2]``, which may be larger."""
    height, width = image.shape[0] * 2 // 3, image.shape[1]
    planes = image[height:].reshape(2, height // 2, width // 2)
    half = (size[1] // 2, size[0] // 2)
    for plane, target in zip(planes, out, strict=True):
        target[: half[1], : half[0]] = cv2.resize(plane, half, interpolation=cv2.INTER_AREA)


def _bgr(luma: Any, chroma: Any, rows: Any, columns: Any) -> Any:
    """``float32[n, h, w, 3]`` of whole numbers, black outside the picture."""
    from keras import ops

    whole = ops.matmul(ops.matmul(rows, ops.cast(luma, "float32")), ops.transpose(columns))
    y = LUMA * ops.maximum(ops.round(whole) - 16, 0)
    colours = ops.cast(chroma, "float32") - NO_COLOUR
    cb, cr = (ops.repeat(ops.repeat(colours[:, i], 2, axis=1), 2, axis=2) for i in (0, 1))
    bgr = [y + BLUE_CB * cb, y + GREEN_CB * cb + GREEN_CR * cr, y + RED_CR * cr]
    return ops.clip(ops.floor(ops.stack(bgr, axis=-1) + 0.5), 0, 255)


def _likeliest(maps: list[Any], small: Size) -> Any:
    """``float32[n, k, 15]``: what the likeliest cells of all three maps say."""
    from keras import ops

    cells = np.concatenate([_cells(small, stride) for stride in STRIDES])
    count = maps[0].shape[0]
    flat = [ops.reshape(ops.cast(each, "float32"), (count, -1, each.shape[-1])) for each in maps]
    values = ops.concatenate(flat, axis=1)
    both = ops.sigmoid(values[..., CLASS]) * ops.sigmoid(values[..., OBJECT])
    confidence, place = ops.top_k(ops.sqrt(both), min(MOST_CANDIDATES, len(cells)))
    picked = ops.take_along_axis(values, place[..., None], axis=1)
    cell = ops.take(ops.convert_to_tensor(cells), place, axis=0)
    at, stride = cell[..., :2], cell[..., 2:]
    size = ops.exp(picked[..., BOX][..., 2:]) * stride
    corner = (at + picked[..., BOX][..., :2]) * stride - size / 2
    landmarks = (picked[..., LANDMARKS] + ops.tile(at, (1, 1, 5))) * stride
    return ops.concatenate([corner, size, landmarks, confidence[..., None]], axis=-1)


def _cells(small: Size, stride: int) -> FloatArray:
    """Column, row and stride of each cell of a map, ``float32[cells, 3]``."""
    rows, columns = np.mgrid[: small[0] // stride, : small[1] // stride]
    every = [columns.ravel(), rows.ravel(), np.full(rows.size, stride)]
    return np.stack(every, axis=1).astype(np.float32)
