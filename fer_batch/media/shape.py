"""Size, shape, turn and colours of a stream's pictures as they are to be shown."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

from fer_batch.config import Limits
from fer_batch.errors import LimitError
from fer_batch.media.side_data import display_matrix

SMALLEST = 2  # pixels; planes of chroma need as many, and so does every encoder


def turn(picture: Any) -> tuple[int, bool]:
    """Degrees clockwise by which to turn a picture, and whether to exchange left and right then.

    From the display matrix: a pixel at (x, y) is shown at (a x + c y, b x + d y).
    """
    matrix = display_matrix(picture)
    if not matrix:
        return 0, False
    a, b, _, c, d, *_ = struct.unpack("<9i", matrix)
    flipped = a * d - b * c < 0
    angle = math.degrees(math.atan2(b, -a if flipped else a))
    return round(angle / 90) * 90 % 360, flipped


def square(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """The size at which players show pixels of that shape (DVD, DV, broadcasts): as high, and wider
    or narrower. What encoders leave by rounding is no shape, nor is what no camera has."""
    if not aspect or not 0.25 <= aspect <= 4 or abs(aspect - 1) < 0.01:
        return width, height
    return max(1, round(width * aspect)), height


class Shape:
    """Sizes at which the pictures of a stream are shown, one after the other.

    Broadcasts change from 4:3 to 16:9 by the shape of their pixels alone. Key frames say so, unless
    the container has the last word. ``see`` is called with each picture as it comes out of the
    decoder; ``shown`` is the size of the last one.
    """

    def __init__(self, stream: Any) -> None:
        self._context = stream.codec_context
        self._aspect: Fraction | None = stream.sample_aspect_ratio
        self._may_change = self._aspect == self._context.sample_aspect_ratio
        self._begun = False
        self.shown = (0, 0)

    def see(self, picture: Any) -> tuple[int, int]:
        """``shown`` of the next picture."""
        # A decoder is at most some pictures ahead of what it hands out: its word counts from the
        # key frame on.
        if self._may_change and (picture.key_frame or not self._begun):
            self._aspect = self._context.sample_aspect_ratio or self._aspect
        self._begun = True
        self.shown = square(picture.width, picture.height, self._aspect)
        return self.shown


def check_pixels(path: Path, width: int, height: int, limits: Limits) -> None:
    """Refuse pictures that are too large, or too small to be any.

    Raises:
        LimitError: says which.
    """
    if min(width, height) < SMALLEST:
        raise LimitError(
            f"{path}: {width}x{height} pixels are too few to show a face; leave it out"
        )
    if width * height > limits.pixels:
        raise LimitError(
            f"{path}: {width}x{height} pixels are more than the {limits.pixels // 1_000_000} "
            "megapixels allowed; scale it down"
        )
