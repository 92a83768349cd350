"""The box of a face: round corners in the label's colour on a thin dark line.

Strokes of a large box are drawn where they belong. Those of a small box, of which a crowd has
hundreds, depend on its size alone; they are drawn once for each size, kept as masks and blended.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fer_batch.output.draw.layout import Rect, even

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fer_batch.i420 import Planes
    from fer_batch.types import Image

    Tint = tuple[int, int, int]

SHIFT = 4  # OpenCV's coordinates count sixteenths of a pixel
MIRRORS = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])[:, None]
# Up to this area a box is blended; a crowd of 400 has smaller ones, in pictures of 4K as well.
SMALL_AREA = 10_000
# Sizes kept: at most 60 MB where every box is of the largest area, 10 MB in a crowd.
KEPT_LUMA, KEPT_CHROMA = 2048, 8192
# From this side on all lines lie inside their box but for their smoothing.
LEAST_SIDE = 8
MARGIN = 2


class Ring(NamedTuple):
    """Luma strokes of one size of box: how much is dark, in colour, and left as it was, each
    ``uint8[h + 2 * MARGIN, w + 2 * MARGIN]`` from 0 to 255."""

    dark: Image
    colour: Image
    keep: Image


class Lines(NamedTuple):
    """Lines of a box, in 1/16 pixels: how wide its corners are drawn, pixels, their paths
    ``int32[4, k, 2]`` (none of a thin box), and the closed outline ``int32[m, 2]``."""

    thick: int
    corners: NDArray[np.int32]
    outline: NDArray[np.int32]


class Boxes:
    """Draws boxes; for pictures of one size and one thread.

    Args:
        line: width of the corners of large boxes, pixels, even.
        dark: luma of the thin line.
    """

    def __init__(self, line: int, dark: int) -> None:
        self._line, self._dark = line, dark
        # More points on larger arcs, else their corners show.
        bow = 1 - np.sin(np.linspace(0, np.pi / 2, 3 + 2 * (line // 4)))
        self._arc = np.stack([bow[::-1], bow], axis=1)[[0, *range(len(bow)), -1]]
        self._rings = lru_cache(KEPT_LUMA)(self._ring)
        self._tinted = lru_cache(KEPT_CHROMA)(self._tinted_of)

    def put(self, target: Planes, rect: Rect, tint: Tint, thin: bool) -> None:
        """Draw the box of ``rect``, which lies in the picture; ``thin``: the dark line alone with
        a finer one of ``tint`` on it, for a face that cannot be read."""
        if rect.w * rect.h > SMALL_AREA or min(rect.w, rect.h) < LEAST_SIDE:
            lines = self._lines(rect, thin)
            stroke_luma(target.luma, lines, self._dark, tint[0])
            stroke_chroma(target.cb, lines, tint[1])
            stroke_chroma(target.cr, lines, tint[2])
        else:
            self._blend(target, rect, tint, thin)

    def _blend(self, target: Planes, rect: Rect, tint: Tint, thin: bool) -> None:
        import cv2

        ring = self._rings(rect.w, rect.h, thin)
        x, y = rect.x - MARGIN, rect.y - MARGIN
        ground, seen = _part(target.luma, x, y, ring.keep)
        dark, colour, keep = (mask[seen] for mask in ring)
        strokes = cv2.addWeighted(dark, self._dark / 255, colour, tint[0] / 255, 0)
        cv2.multiply(ground, keep, dst=ground, scale=1 / 255)
        cv2.add(ground, strokes, dst=ground)
        mask = self._tinted(rect.w, rect.h, rect.x % 2, rect.y % 2, thin)
        for plane, value in ((target.cb, tint[1]), (target.cr, tint[2])):
            ground, seen = _part(plane, x // 2, y // 2, mask)
            ground[mask[seen]] = value

    def _ring(self, width: int, height: int, thin: bool) -> Ring:
        import cv2

        size = (height + 2 * MARGIN, width + 2 * MARGIN)
        dark, colour = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
        lines = self._lines(Rect(MARGIN, MARGIN, width, height), thin)
        stroke_luma(dark, lines, 255, 0)
        stroke_luma(colour, lines, 0, 255)
        return Ring(dark, colour, cv2.bitwise_not(cv2.add(dark, colour)))

    def _tinted_of(self, width: int, height: int, odd_x: int, odd_y: int, thin: bool) -> Image:
        """Which chroma samples are coloured, ``bool``, from ``MARGIN`` before the box's even
        corner."""
        size = (height + odd_y + 2 * MARGIN + 2) // 2, (width + odd_x + 2 * MARGIN + 2) // 2
        mask = np.zeros(size, np.uint8)
        stroke_chroma(
            mask, self._lines(Rect(MARGIN + odd_x, MARGIN + odd_y, width, height), thin), 1
        )
        return mask.view(bool)

    def _lines(self, rect: Rect, thin: bool) -> Lines:
        """What the box of ``rect`` is made of.

        Lines lie inside the box by half their width, so that none is cut at the picture's edge.
        """
        # Less for small faces, so that they stay visible.
        thick = min(self._line, max(2, even(min(rect.w, rect.h) / 24)))
        inset = thick / 2 + 1
        left, top = rect.x + inset, rect.y + inset
        right = max(rect.x + rect.w - inset - 1, left + 1)
        bottom = max(rect.y + rect.h - inset - 1, top + 1)
        side = min(right - left, bottom - top)
        radius = min(4.0 * thick, side / 4)
        # One corner: along the side, round the arc, along the top; the others are its mirrors.
        corner = self._arc * radius
        corner[0, 1] = corner[-1, 0] = radius + side * 0.2
        at = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        paths = np.rint((at[:, None] + MIRRORS * corner) * 16).astype(np.int32)
        # Going round: corners in turn, each second one walked the other way.
        inner = paths[:, 1:-1].copy()
        inner[1::2] = inner[1::2, ::-1]
        outline = inner.reshape(-1, 2)
        return Lines(2, paths[:0], outline) if thin else Lines(thick, paths, outline)


def stroke_luma(plane: Image, lines: Lines, dark: int, bright: int) -> None:
    """Strokes in a plane of full size: dark first, then bright ones within them."""
    import cv2

    thick, closed, open_ = lines.thick, [lines.outline], list(lines.corners)
    cv2.polylines(plane, closed, True, dark, thick // 2 + 1, cv2.LINE_AA, SHIFT)
    cv2.polylines(plane, open_, False, dark, thick + 2, cv2.LINE_AA, SHIFT)
    cv2.polylines(plane, closed, True, bright, max(thick // 2, 1), cv2.LINE_AA, SHIFT)
    cv2.polylines(plane, open_, False, bright, thick, cv2.LINE_AA, SHIFT)


def stroke_chroma(plane: Image, lines: Lines, value: int) -> None:
    """Strokes in a plane of half size."""
    import cv2

    thick, closed, open_ = lines.thick, [lines.outline // 2], list(lines.corners // 2)
    cv2.polylines(plane, closed, True, value, max(thick // 4, 1), cv2.LINE_8, SHIFT)
    cv2.polylines(plane, open_, False, value, thick // 2 + 1, cv2.LINE_8, SHIFT)


def _part(plane: Image, x: int, y: int, mask: Image) -> tuple[Image, tuple[slice, slice]]:
    """The part of ``plane`` below ``mask`` with its corner at ``x, y``, and the mask's part that
    lies in the plane."""
    height, width = mask.shape
    left, top = max(x, 0), max(y, 0)
    ground = plane[top : y + height, left : x + width]
    rows, columns = ground.shape
    return ground, (slice(top - y, top - y + rows), slice(left - x, left - x + columns))
