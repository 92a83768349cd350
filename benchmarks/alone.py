"""Films of one person alone, who must have one number all the time.

From photos of one person: laid over each other by their eyes and mouths, each passing slowly into
the next, so that a face changes its expression, light and pose while it is watched. Or from a clip
of a person who talks. The camera pans and zooms, and loses the head now and then for some seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.walkers import SIZE, Place, Seen
from fer_batch.config import Limits
from fer_batch.faces.align import similarity
from fer_batch.faces.detector import open_detector
from fer_batch.media.planes import from_bgr
from fer_batch.media.source import open_source, probe
from fer_batch.types import FloatArray, Frame, Image

# Frames that a photo stays, and in which it passes into the next: no fast dissolve is as long.
STAYS, PASSES = 50, 30
SIDE = 480
# Sizes of faces as shares of a picture's height: in photos that are laid over each other, and so
# large that any face in the picture is the one.
FACE, ANYWHERE = 0.35, 4.0
# Where the five landmarks of a face lie in pictures of that side.
_LAID: FloatArray = np.array(
    [[0.41, 0.42], [0.59, 0.42], [0.5, 0.53], [0.42, 0.63], [0.58, 0.63]], np.float32
)
LAID: FloatArray = _LAID * np.float32(SIDE)


class Alone:
    """A film of ``pictures``, one a frame, BGR ``uint8[h, w, 3]``, seen by a camera that moves."""

    def __init__(self, name: str, pictures: Sequence[Image], face: float, seed: int) -> None:
        """``face``: how large the face in the middle is, as a share of a picture's height."""
        self.frames = len(pictures)
        self._name, self._pictures, self._face = name, pictures, face
        rng = np.random.default_rng(seed)
        self._phase = rng.uniform(0, 2 * np.pi, 3)
        # Away for some seconds, twice.
        self._away = [int(self.frames * share) for share in rng.uniform([0.25, 0.6], [0.4, 0.75])]

    def at(self, index: int) -> tuple[Image, list[Seen]]:
        """Frame ``index``: BGR ``uint8[h, w, 3]``, and who is in it."""
        picture = self._pictures[index]
        (width, height), t = SIZE, index / 25
        zoom = height / picture.shape[0] * (1.0 + 0.3 * np.sin(0.7 * t + self._phase[0]))
        x = width / 2 + 120 * np.sin(0.9 * t + self._phase[1])
        y = height / 2 + 30 * np.sin(1.3 * t + self._phase[2])
        for away in self._away:
            x += 1.6 * width * max(0.0, 1 - abs(index - away) / 40)
        half = np.array([picture.shape[1], picture.shape[0]]) / 2
        moved = np.array([[zoom, 0, x - zoom * half[0]], [0, zoom, y - zoom * half[1]]])
        shown = cv2.warpAffine(picture, moved, SIZE, borderValue=(90, 90, 90))
        side = self._face * zoom * picture.shape[0]
        return np.asarray(shown, np.uint8), [Seen(self._name, Place(float(x), float(y), side), 1.0)]


def of_photos(name: str, photos: Sequence[Image], seed: int) -> Alone:
    """A film of one person's ``photos``; those without a face are passed over."""
    laid = [each for each in map(_laid, photos) if each is not None]
    pictures: list[Image] = []
    for first, second in zip(laid, [*laid[1:], laid[-1]], strict=True):
        pictures += [first] * STAYS
        for step in range(1, PASSES + 1):
            share = step / (PASSES + 1)
            pictures.append(np.asarray(cv2.addWeighted(first, 1 - share, second, share, 0)))
    return Alone(name, pictures, FACE, seed)


def of_clip(clip: Path, seed: int) -> Alone:
    """A film of a clip that shows one person, wherever that is."""
    info = probe(clip, clip.stem, 25, Limits())
    source = open_source(info, Limits())
    planes = [f.image for f in source.frames(0, len(info)) if f.image is not None]
    pictures = [np.asarray(cv2.cvtColor(p, cv2.COLOR_YUV2BGR_I420), np.uint8) for p in planes]
    return Alone(clip.stem, pictures, ANYWHERE, seed)


def _laid(photo: Image) -> Image | None:
    """A photo moved and scaled so that the face lies where all do."""
    even = photo[: photo.shape[0] // 2 * 2, : photo.shape[1] // 2 * 2]
    frame = Frame(0, 0, from_bgr(even), even.shape[1], even.shape[0])
    found = open_detector("yunet").detect(frame)
    if not len(found):
        return None
    largest = int((found.box[:, 2] * found.box[:, 3]).argmax())
    transform = similarity(found.landmarks[largest], LAID)
    laid = cv2.warpAffine(even, transform, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, np.uint8)
