"""Crops sampled by Keras 3, on the device that holds the pictures: what ``align`` does on the host.

Bilinear, the edge repeated outside the picture. Large faces are averaged down first; the part of
the picture is fetched and shrunk by two products with matrices of ones, so that shapes are fixed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fer_batch.faces.align import Reduction
from fer_batch.faces.sharpen import gains, waves
from fer_batch.types import FloatArray


def sampled(luma: Any, faces: Any, size: int) -> Any:
    """Crops ``float32[c, size, size]`` of whole grey levels from 0 to 255.

    ``luma uint8[n, H, W]``: pictures, filled up. ``faces float32[c, 11]``: see ``sampling``.
    Faces must have factor 1.
    """
    from keras import ops

    pictures = ops.cast(luma, "float32")
    return _levels(_bilinear(pictures, _index(faces[:, 0]), faces, size), faces)


def sampled_large(luma: Any, faces: Any, region: Any, size: int) -> Any:
    """As ``sampled``, for faces of any factor. ``region float32[c, 3]``: left, top, factor."""
    from keras import ops

    pictures = ops.cast(ops.take(luma, _index(faces[:, 0]), axis=0), "float32")
    side, (_, height, width) = largest_part(size), luma.shape
    limits = faces[:, 7:9]
    rows = _blocks(region[:, 1], region[:, 2], limits[:, 1], side, height)
    columns = _blocks(region[:, 0], region[:, 2], limits[:, 0], side, width)
    sums = ops.matmul(ops.matmul(rows, pictures), ops.transpose(columns, (0, 2, 1)))
    part = ops.round(sums / (region[:, 2] ** 2)[:, None, None])
    count = faces.shape[0]
    return _levels(_bilinear(part, _index(ops.arange(count)), faces, size), faces)


def largest_part(size: int) -> int:
    """Side of the largest part that ``align.reduction`` leaves for a crop: its diagonal, less than
    one and a half times as fine, and a margin."""
    return math.ceil(size * math.sqrt(2) * 1.5) + 4


def sampling(picture: int, region: Reduction, full_range: bool, fineness: float) -> FloatArray:
    """What a face's crop is sampled by, ``float32[11]``: the picture's number; the transform from
    crop to (shrunk) picture, two rows of three; columns and rows there are; 1 for full range; and
    how fine the picture is (``sharpen.fineness``)."""
    (a, b, u), (c, d, v) = region.transform.astype(np.float64).tolist()
    size = a * d - b * c
    if abs(size) < 1e-12:  # all landmarks are one point
        back = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    else:
        a, b, c, d = d / size, -b / size, -c / size, a / size
        back = [a, b, -a * u - b * v, c, d, -c * u - d * v]
    limits = region.columns, region.rows
    return np.array([picture, *back, *limits, full_range, fineness], np.float32)


def sharpened(crops: Any, least: float, sharpness: float = 0.0, fineness: Any = None) -> Any:
    """What ``sharpen.sharpened`` does, of ``float32[c, s, s]``."""
    from keras import ops

    if not least and not sharpness:
        return crops
    count, side, _ = crops.shape
    known = waves(side)
    spectra = ops.matmul(ops.matmul(known.basis, crops), known.basis.T)
    energy = ops.reshape(spectra**2, (count, 1, side * side))
    gain = gains(known, energy, least, sharpness, fineness, ops)
    result = ops.matmul(ops.matmul(known.basis.T, spectra * gain), known.basis)
    return ops.clip(ops.round(result), 0, 255)


def _bilinear(pictures: Any, which: Any, faces: Any, size: int) -> Any:
    """``float32[c, size, size]`` out of ``pictures float32[n, H, W]``, rounded."""
    from keras import ops

    _, height, width = pictures.shape
    flat = ops.reshape(pictures, (-1,))
    numbers = np.arange(size, dtype=np.float32)
    u, v = numbers[None, None, :], numbers[None, :, None]
    a, b, left, c, d, top, columns, rows = (faces[:, i, None, None] for i in range(1, 9))
    x, y = a * u + b * v + left, c * u + d * v + top
    x0, y0 = ops.floor(x), ops.floor(y)
    at_x = [_index(ops.minimum(ops.maximum(x0 + i, 0), columns - 1)) for i in (0, 1)]
    start = (which * (height * width))[:, None, None]
    at_y = [_index(ops.minimum(ops.maximum(y0 + i, 0), rows - 1)) * width + start for i in (0, 1)]
    above, below = (
        _mixed(ops.take(flat, line + at_x[0]), ops.take(flat, line + at_x[1]), x - x0)
        for line in at_y
    )
    return ops.round(_mixed(above, below, y - y0))


def _mixed(first: Any, second: Any, share: Any) -> Any:
    return first + (second - first) * share


def _levels(crops: Any, faces: Any) -> Any:
    """Video range to full range, where it is not that already."""
    from keras import ops

    wide = ops.clip(ops.round((crops - 16) * (255 / 219)), 0, 255)
    full = faces[:, 9, None, None]
    return full * crops + (1 - full) * wide


def _blocks(begin: Any, factor: Any, count: Any, side: int, length: int) -> Any:
    """Ones where a pixel belongs to a block of ``factor`` pixels: ``float32[c, side, length]``."""
    from keras import ops

    pixel = np.arange(length, dtype=np.float32)[None, :]
    block = ops.floor((-begin[:, None] + pixel) / factor[:, None])[:, None, :]
    wanted = np.arange(side, dtype=np.float32)[None, :, None]
    inside = ops.logical_and(ops.equal(block, wanted), count[:, None, None] > wanted)
    return ops.cast(inside, "float32")


def _index(values: Any) -> Any:
    """Whole numbers to index with. TensorFlow keeps those of 32 bits off the GPU, JAX has no
    others."""
    import keras

    kind = "int64" if keras.backend.backend() == "tensorflow" else "int32"
    return keras.ops.cast(values, kind)
