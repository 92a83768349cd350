"""Frames to put into test media: numbered ones, and ones with two real faces."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from fer_batch.demo.portraits import eileen_collins, grace_hopper
from fer_batch.demo.scene import Scene
from fer_batch.types import Image

BITS = 10


def numbered(index: int, width: int = 160, height: int = 120) -> Image:
    """A grey picture that carries ``index`` as black and white stripes: BGR ``uint8[h, w, 3]``.

    The stripes are wide enough to outlive any codec; see ``number_of``.
    """
    picture = np.full((height, width, 3), 128, np.uint8)
    edges = np.linspace(0, width, BITS + 1).astype(int)
    for bit in range(BITS):
        value = 235 if index >> bit & 1 else 16
        picture[height // 4 : height * 3 // 4, edges[bit] : edges[bit + 1]] = value
    return picture


def number_of(luma: Image) -> int:
    """The index that ``numbered`` put into a picture, read from its luma ``uint8[h, w]``."""
    height, width = luma.shape
    middle = luma[height * 3 // 8 : height * 5 // 8]
    edges = np.linspace(0, width, BITS + 1).astype(int)
    stripes = [middle[:, a + 2 : b - 2].mean() for a, b in pairwise(edges)]
    return sum(int(mean > 128) << bit for bit, mean in enumerate(stripes))


@lru_cache(maxsize=4)
def two_faces(frames: int, width: int = 320, height: int = 180, fps: int = 25) -> tuple[Image, ...]:
    """The start of the demo scene: two people all the time up to 4 s."""
    scene = Scene(width, height)
    return tuple(scene.at(i / fps) for i in range(frames))


@lru_cache(maxsize=1)
def portraits() -> tuple[Image, Image]:
    """Eileen Collins and Grace Hopper, one face in each: BGR."""
    return eileen_collins().image, grace_hopper().image


def cover(picture: Image, width: int, height: int) -> Image:
    """``picture`` scaled and cut to fill ``width`` x ``height``."""
    import cv2

    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (round(picture.shape[1] * scale) + 1, round(picture.shape[0] * scale) + 1)
    large = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    return np.ascontiguousarray(large[top : top + height, left : left + width])
