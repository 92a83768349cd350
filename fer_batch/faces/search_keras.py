"""Search of many pictures at once by Keras 3: from small planes to candidates.

All of it is one graph of fixed shapes: colours, YuNet, the likeliest cells and what they say. Two
things stay on the host: pictures are shrunk there (0.05 ms each), since where an average lies half
way between two grey levels only the same sum in the same order rounds the same way, and small faces
depend on it; and candidates that overlap are sifted (``candidates.without_doubles``), which takes
microseconds a face and has no fixed shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_batch.faces.candidates import BOX, CLASS, LANDMARKS, MOST_CANDIDATES, OBJECT, STRIDES
from fer_batch.faces.yunet_keras import KerasYuNet
from fer_batch.faces.yunet_network import TIMES
from fer_batch.i420 import planes
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


def search_graph(network: KerasYuNet, count: int, size: Size) -> Any:
    """A Keras model that searches ``count`` pictures of ``size``, filled up.

    Inputs: ``luma uint8[n, h, w]`` and ``chroma uint8[n, 2, h / 2, w / 2]``, ``NO_COLOUR`` outside
    the picture. Output: ``float32[n, k, 15]``, rows as ``candidates.faces`` has them, the likeliest
    first, k at most 500.
    """
    import keras

    h, w = size
    luma = keras.Input(batch_shape=(count, h, w), dtype="uint8", name="luma")
    chroma = keras.Input(batch_shape=(count, 2, h // 2, w // 2), dtype="uint8", name="chroma")
    found = _likeliest(network.maps(_bgr(luma, chroma)), size)
    return keras.Model([luma, chroma], found, name="search")


def fill(image: Image, luma: Image, chroma: Image) -> None:
    """Put an I420 picture into the corner of planes of ``search_graph``."""
    for target, plane in zip((luma, *chroma), planes(image), strict=True):
        target[: plane.shape[0], : plane.shape[1]] = plane


def _bgr(luma: Any, chroma: Any) -> Any:
    """``float32[n, h, w, 3]`` of whole numbers, black outside the picture."""
    from keras import ops

    y = LUMA * ops.maximum(ops.cast(luma, "float32") - 16, 0)
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
