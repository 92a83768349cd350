"""Small pictures with transparency, blended straight into I420 planes.

A sprite is kept premultiplied, so that putting it on a frame is one multiplication and one
addition a plane. It lies at even positions, where its chroma covers whole chroma samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from fer_batch.i420 import BT601, Planes, coefficients
from fer_batch.output.palette import rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fer_batch.types import Image


@dataclass(frozen=True, slots=True)
class Sprite:
    """Premultiplied planes of one small picture and what they leave of the ground below.

    ``colour``: Y, Cb, Cr times coverage; ``keep`` and ``keep_half``: 255 less coverage.
    """

    colour: Planes
    keep: Image
    keep_half: Image

    @property
    def width(self) -> int:
        return int(self.keep.shape[1])

    @property
    def height(self) -> int:
        return int(self.keep.shape[0])

    def beside(self, wider: Sprite) -> Sprite:
        """This sprite, and after it what ``wider``, of the same height, has further right."""

        def join(left: Image, right: Image) -> Image:
            return np.concatenate([left, right[:, left.shape[1] :]], axis=1)

        return Sprite(
            Planes(*map(join, self.colour, wider.colour)),
            join(self.keep, wider.keep),
            join(self.keep_half, wider.keep_half),
        )

    def put(self, target: Planes, x: int, y: int) -> None:
        """Blend into ``target`` with the left upper corner at even ``x, y``; outside is cut off."""
        import cv2

        height, width = target.luma.shape
        left, top = max(-x, 0), max(-y, 0)
        right, bottom = min(self.width, width - x), min(self.height, height - y)
        if left >= right or top >= bottom:
            return
        for plane, colour, keep, unit in (
            (target.luma, self.colour.luma, self.keep, 1),
            (target.cb, self.colour.cb, self.keep_half, 2),
            (target.cr, self.colour.cr, self.keep_half, 2),
        ):
            inside = slice(top // unit, bottom // unit), slice(left // unit, right // unit)
            ground = plane[
                (y + top) // unit : (y + bottom) // unit, (x + left) // unit : (x + right) // unit
            ]
            cv2.multiply(ground, keep[inside], dst=ground, scale=1 / 255)
            cv2.add(ground, colour[inside], dst=ground)


class SpriteCanvas:
    """Draws a sprite: layers of one colour, each with a coverage mask, one over the other."""

    def __init__(self, width: int, height: int) -> None:
        """A clear canvas; sides are rounded up to even numbers."""
        self.width, self.height = width + width % 2, height + height % 2
        self._rgb = np.zeros((3, self.height, self.width))
        self._alpha = np.zeros((self.height, self.width))

    def layer(
        self, mask: NDArray[np.generic], x: int, y: int, colour: str, opacity: float = 1.0
    ) -> None:
        """Lay ``mask`` (0 to 255) in ``colour`` at ``x, y`` over what is there; outside is cut."""
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + mask.shape[1], self.width), min(y + mask.shape[0], self.height)
        if left >= right or top >= bottom:
            return
        part = mask[top - y : bottom - y, left - x : right - x]
        cover = part.astype(np.float64) * (opacity / 255)
        place = slice(top, bottom), slice(left, right)
        left_over = 1 - cover
        for plane, value in zip((*self._rgb, self._alpha), (*rgb(colour), 1), strict=True):
            ground = plane[place]
            ground *= left_over
            ground += value * cover

    def sprite(self, full_range: bool = False, matrix: int = BT601) -> Sprite:
        """What was drawn, as I420 by that matrix."""
        alpha = self._alpha
        red, green, blue = self._rgb
        kr, kb = coefficients(matrix)
        luma = kr * red + (1 - kr - kb) * green + kb * blue
        scale, base, chroma = (1.0, 0, 1.0) if full_range else (219 / 255, 16, 224 / 255)
        cb = (blue - luma) / (2 - 2 * kb) * chroma + 128 * alpha
        cr = (red - luma) / (2 - 2 * kr) * chroma + 128 * alpha
        return Sprite(
            Planes(_bytes(luma * scale + base * alpha), _bytes(_half(cb)), _bytes(_half(cr))),
            _bytes(255 * (1 - alpha)),
            _bytes(255 * (1 - _half(alpha))),
        )


@lru_cache(maxsize=256)
def rounded(
    width: int, height: int, radius: float, corners: tuple[bool, ...] = (True,) * 4
) -> Image:
    """Coverage of a rectangle with round corners: ``uint8[height, width]``.

    Args:
        corners: which are round: left upper, right upper, right lower, left lower.
    """
    y, x = np.mgrid[:height, :width] + 0.5
    radius = min(radius, width / 2, height / 2)
    cover = np.ones((height, width))
    for is_round, at_x, at_y in zip(corners, (0, 1, 1, 0), (0, 0, 1, 1), strict=True):
        if not is_round:
            continue
        dx = radius - (x if at_x == 0 else width - x)
        dy = radius - (y if at_y == 0 else height - y)
        edge = np.clip(radius - np.hypot(dx, dy) + 0.5, 0, 1)
        cover = np.where((dx > 0) & (dy > 0), edge, cover)
    mask = _bytes(cover * 255)
    mask.setflags(write=False)
    return mask


def _half(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    pairs = plane[:, 0::2] + plane[:, 1::2]
    return np.asarray((pairs[0::2] + pairs[1::2]) / 4, dtype=np.float64)


def _bytes(plane: NDArray[np.float64]) -> Image:
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)
