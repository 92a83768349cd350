"""A small surface for plots: smooth shapes on a grid of half pixels, then text on whole ones.

OpenCV draws and Pillow sets the type, both of which a run has loaded anyway; matplotlib would take
half a second to import and ten times as long to draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fer_batch.output import palette
from fer_batch.output.draw.text import line_height, text_mask, text_width

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fer_batch.types import Image

FINE = 2  # shapes are drawn this much larger and averaged
SHIFT = 4  # OpenCV's coordinates count sixteenths of a pixel


class Canvas:
    """White, ``width`` x ``height`` pixels; all coordinates are pixels, y downwards."""

    def __init__(self, width: int, height: int) -> None:
        self._shapes = np.full((height * FINE, width * FINE, 3), 255, np.uint8)
        self._texts: list[tuple[str, int, int, int, bool, str]] = []

    def rectangle(
        self, x: float, y: float, width: float, height: float, colour: str, alpha: float = 1.0
    ) -> None:
        """Fill a rectangle, its sides on the nearest half pixels, at least one of them wide."""
        left, top = round(x * FINE), round(y * FINE)
        right = max(round((x + width) * FINE), left + 1)
        bottom = max(round((y + height) * FINE), top + 1)
        area = self._shapes[max(top, 0) : bottom, max(left, 0) : right]
        ink = np.array(palette.rgb(colour), np.float32)
        area[:] = np.rint(area + (ink - area) * np.float32(alpha)) if alpha < 1 else ink

    def area(self, points: NDArray[np.float64], base: float, colour: str, alpha: float) -> None:
        """Tint what lies between a curve and the horizontal ``y = base``.

        ``points float64[n, 2]``, from left to right.
        """
        import cv2

        ends = [(points[-1, 0], base), (points[0, 0], base)]
        outline = _fine(np.concatenate([points, ends]))
        left, right = (max(int(points[i, 0] * FINE) - 1, 0) for i in (0, -1))
        top = max(int(min(points[:, 1].min(), base) * FINE) - 1, 0)
        part = self._shapes[top : max(int(base * FINE) + 2, 0), left : right + 4]
        if part.size == 0:
            return
        mask = np.zeros(part.shape[:2], np.uint8)
        cv2.fillPoly(mask, [outline - np.array([left, top]) * 2**SHIFT], 255, cv2.LINE_8, SHIFT)
        ink = np.full_like(part, palette.rgb(colour))
        cv2.copyTo(cv2.addWeighted(part, 1 - alpha, ink, alpha, 0), mask, part)

    def curve(self, points: NDArray[np.float64], colour: str, width: float) -> None:
        """Draw a line through ``points float64[n, 2]``."""
        import cv2

        thickness = max(round(width * FINE) - 1, 1)  # OpenCV's smooth edges add one
        cv2.polylines(
            self._shapes, [_fine(points)], False, palette.rgb(colour), thickness, cv2.LINE_AA, SHIFT
        )

    def text(
        self,
        text: str,
        x: float,
        y: float,
        size: int,
        colour: str,
        bold: bool = False,
        align: str = "left",
    ) -> float:
        """Set one line, ``y`` in the middle of its capitals; returns where it ends, in pixels.

        ``align``: what of it stands at ``x``: its "left", "centre" or "right".
        """
        width = text_width(text, size, bold)
        left = round(x - width * {"left": 0.0, "centre": 0.5, "right": 1.0}[align])
        self._texts.append((text, left, round(y - line_height(size) / 2), size, bold, colour))
        return float(left + width)

    def picture(self) -> Image:
        """What was drawn: ``uint8[height, width, 3]`` RGB."""
        import cv2

        height, width = self._shapes.shape[0] // FINE, self._shapes.shape[1] // FINE
        picture = cv2.resize(self._shapes, (width, height), interpolation=cv2.INTER_AREA)
        for text, x, y, size, bold, colour in self._texts:
            mask = text_mask(text, size, bold)
            below, beside = max(y + mask.shape[0], 0), max(x + mask.shape[1], 0)
            part = picture[max(y, 0) : below, max(x, 0) : beside]
            mask = mask[max(-y, 0) :, max(-x, 0) :][: part.shape[0], : part.shape[1]]
            ink = np.array(palette.rgb(colour), np.float32)
            part[:] = np.rint(part + (ink - part) * (mask[:, :, None] * np.float32(1 / 255)))
        return np.asarray(picture)

    def png(self) -> bytes:
        """What was drawn, as a PNG file."""
        import cv2

        # A low level of compression takes a third of the time for a tenth more bytes.
        options = [cv2.IMWRITE_PNG_COMPRESSION, 4]
        return bytes(cv2.imencode(".png", self.picture()[:, :, ::-1], options)[1])


def _fine(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Pixels in OpenCV's fixed point on the fine grid, whose first sample's centre is 0."""
    return np.rint((points * FINE - 0.5) * 2**SHIFT).astype(np.int32)
