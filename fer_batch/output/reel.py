"""The pictures of a GIF: small, kept as planes, cut together with moviepy."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fer_batch.i420 import planes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from fer_batch.types import Image

MAX_WIDTH = 480
MAX_HEIGHT = 640
PLAYER = "FFPLAY_BINARY"  # moviepy's setting


def small_size(width: int, height: int) -> tuple[int, int]:
    """Even size that fits ``MAX_WIDTH`` x ``MAX_HEIGHT``; never larger than the picture."""
    scale = min(1.0, MAX_WIDTH / width, MAX_HEIGHT / height)
    return max(2 * round(width * scale / 2), 2), max(2 * round(height * scale / 2), 2)


def small(image: Image) -> Image:
    """A frame in the GIF's size: planes are scaled, colours converted only after.

    Args:
        image: ``uint8[h * 3 // 2, w]``, I420 with even sides.

    Returns:
        ``uint8[h' * 3 // 2, w']`` of ``small_size``.
    """
    import cv2

    large = planes(image)
    width, height = small_size(large.luma.shape[1], large.luma.shape[0])
    made = np.empty((height * 3 // 2, width), np.uint8)
    for plane, target in zip(large, planes(made), strict=True):
        size = (target.shape[1], target.shape[0])
        cv2.resize(plane, size, dst=target, interpolation=cv2.INTER_AREA)
    return made


@dataclass(frozen=True, slots=True)
class Small:
    """One picture in the GIF's size: its planes, which are half of what its colours take.

    Args:
        image: ``uint8[h * 3 // 2, w]``, I420.
        colours: makes ``uint8[h, w, 3]`` of it, RGB.
    """

    image: Image
    colours: Callable[[Image], Image]

    def shown(self, height: int, width: int) -> Image:
        """``uint8[height, width, 3]``, RGB; on black where the picture is smaller."""
        picture = self.colours(self.image)
        if picture.shape[:2] == (height, width):
            return picture
        ground = np.zeros((height, width, 3), dtype=np.uint8)
        y, x = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
        ground[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
        return ground


class Reel:
    """The pictures of some clips one after the other, in the largest width and height: moviepy's
    clips, concatenated. A picture gets its colours each time it is asked for.

    Cuts are hard: fading would lay the labels of two moments over one another.
    """

    def __init__(self, clips: Sequence[Sequence[Small]], fps: float) -> None:
        """``clips``: none of them empty, ``fps`` pictures a second."""
        with no_player():
            from moviepy.video.compositing.CompositeVideoClip import concatenate_videoclips

        self.fps = fps
        every = [picture.image.shape for clip in clips for picture in clip]
        self.height = max(rows for rows, _ in every) * 2 // 3
        self.width = max(width for _, width in every)
        self._count = len(every)
        self._whole = concatenate_videoclips([self._played(clip) for clip in clips], "chain")

    def pictures(self, step: int = 1) -> Iterator[Image]:
        """Each ``step``-th picture, ``uint8[height, width, 3]`` RGB."""
        for tick in range(0, self._count, step):
            # The middle of each picture's time, where rounding cannot reach the neighbour.
            yield np.asarray(self._whole.get_frame((tick + 0.5) / self.fps), dtype=np.uint8)

    def _played(self, clip: Sequence[Small]) -> Any:
        from moviepy.video.VideoClip import VideoClip

        def at(seconds: float) -> Image:
            return clip[int(seconds * self.fps)].shown(self.height, self.width)

        return VideoClip(at, duration=len(clip) / self.fps)


@contextmanager
def no_player() -> Iterator[None]:
    """Keep moviepy from trying ``ffplay`` when it is imported, which takes a tenth of a second."""
    nothing = shutil.which("true")
    if PLAYER in os.environ or nothing is None or "moviepy" in sys.modules:
        yield
        return
    os.environ[PLAYER] = nothing
    try:
        yield
    finally:
        os.environ.pop(PLAYER, None)
