"""What the demo clip shows at each moment: two round portraits that sway over a soft background.

Everything is a function of time alone, so that the same second always gives the same picture.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fer_batch.demo.expression import express
from fer_batch.demo.portraits import Portrait, eileen_collins, grace_hopper

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fer_batch.types import Image

    Image32 = NDArray[np.float32]

SECONDS = 10.0
# Smile by time, as (second, value): eased in between. 0 is the portrait as it was taken.
COLLINS_SMILE = ((0.0, 0.0), (1.6, 0.0), (2.8, -1.0), (4.4, -1.0), (5.6, 0.6), (10.0, 0.6))
HOPPER_SMILE = ((0.0, -1.0), (2.0, -1.0), (3.2, 0.2), (6.4, 0.2), (7.6, 1.0), (10.0, 1.0))
# How far Grace Hopper has left the picture to the right: 0 there, 1 gone.
HOPPER_GONE = ((0.0, 0.0), (3.8, 0.0), (4.8, 1.0), (5.6, 1.0), (6.6, 0.0), (10.0, 0.0))
SMILE_STEPS = 10
RIM = 0.011


@dataclass(frozen=True, slots=True)
class Place:
    """Where a portrait stands, in units of the picture's height; ``turn`` in degrees."""

    x: float
    y: float
    radius: float
    turn: float


def eased(keys: tuple[tuple[float, float], ...], t: float) -> float:
    """The value at ``t``, moving between keys without a jolt (smoothstep)."""
    for (start, low), (stop, high) in itertools.pairwise(keys):
        if t <= stop:
            u = min(max((t - start) / (stop - start), 0.0), 1.0)
            return low + (high - low) * u * u * (3 - 2 * u)
    return keys[-1][1]


def collins_at(t: float) -> Place:
    """Where Eileen Collins is at second ``t``: on the left all the time."""
    wave = 2 * math.pi * t
    return Place(
        x=0.47 + 0.05 * math.sin(wave / 5),
        y=0.51 + 0.05 * math.sin(wave / 3.3 + 1),
        radius=0.335 + 0.03 * math.sin(wave / 6),
        turn=5 * math.sin(wave / 4.1),
    )


def hopper_at(t: float) -> Place:
    """Where Grace Hopper is at second ``t``: on the right, gone for a while, then back."""
    wave = 2 * math.pi * t
    return Place(
        x=1.29 + 0.04 * math.sin(wave / 4.4 + 2) + 0.95 * eased(HOPPER_GONE, t),
        y=0.50 + 0.05 * math.sin(wave / 3.7 + 3),
        radius=0.345 + 0.03 * math.sin(wave / 5.2 + 2),
        turn=6 * math.sin(wave / 4.7 + 1),
    )


class Scene:
    """Draws the demo clip's pictures at one size."""

    def __init__(self, width: int = 640, height: int = 360) -> None:
        self.width, self.height = width, height
        self._collins, self._hopper = eileen_collins(), grace_hopper()
        self._faces: dict[tuple[int, int], Image] = {}

    def at(self, t: float) -> Image:
        """The picture at second ``t``: BGR ``uint8[height, width, 3]``."""
        import numpy as np

        canvas = self._background(t)
        for portrait, place, smile in (
            (self._collins, collins_at(t), eased(COLLINS_SMILE, t)),
            (self._hopper, hopper_at(t), eased(HOPPER_SMILE, t)),
        ):
            self._medallion(canvas, self._face(portrait, smile), portrait, place)
        picture: Image = np.clip(canvas + 0.5, 0, 255).astype(np.uint8)
        return picture

    def _face(self, portrait: Portrait, smile: float) -> Image:
        # Two neighbouring steps are blended, so that each step is warped once, not once a frame.
        import cv2

        low = math.floor(smile * SMILE_STEPS)
        share = smile * SMILE_STEPS - low
        pair = []
        for step in (low, low + 1):
            key = (id(portrait), step)
            if key not in self._faces:
                self._faces[key] = express(portrait, step / SMILE_STEPS)
            pair.append(self._faces[key])
        face: Image = cv2.addWeighted(pair[0], 1 - share, pair[1], share, 0)
        return face

    def _background(self, t: float) -> Image32:
        """A slow evening gradient with drifting soft lights: ``float32[h, w, 3]``, BGR."""
        import cv2
        import numpy as np

        # Nothing in it is sharp: a third of the size is enough, and much quicker.
        rows, columns = self.height // 3, self.width // 3
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) / np.float32(rows)
        mix = np.clip(0.55 * y + 0.25 * x + 0.06 * math.sin(t * 0.7), 0, 1)[..., None]
        top, bottom = np.array([92, 62, 38], np.float32), np.array([150, 142, 206], np.float32)
        canvas = top * (1 - mix) + bottom * mix
        for i in range(7):
            cx = (0.31 * i + 0.035 * t) % 2.0 - 0.1
            cy = 0.5 + 0.42 * math.sin(1.9 * i + 0.35 * t)
            radius = 0.07 + 0.03 * (i % 3)
            glow = np.clip((radius - np.hypot(x - cx, y - cy)) / 0.03, 0, 1)[..., None]
            canvas += glow * np.array([18, 20, 26], np.float32)
        large: Image32 = cv2.resize(
            canvas, (self.width, self.height), interpolation=cv2.INTER_CUBIC
        )
        return large

    def _medallion(self, canvas: Image32, face: Image, portrait: Portrait, place: Place) -> None:
        """Draw the round portrait with a rim and a soft shadow into ``canvas``, in place."""
        import cv2
        import numpy as np

        radius = place.radius * self.height
        at_x, at_y = place.x * self.height, place.y * self.height
        reach = 1.2 * radius
        left, top = max(int(at_x - reach), 0), max(int(at_y - reach), 0)
        right, bottom = min(int(at_x + reach), self.width), min(int(at_y + reach), self.height)
        if right <= left:
            return
        part = canvas[top:bottom, left:right]
        matrix = cv2.getRotationMatrix2D(portrait.centre, place.turn, radius / portrait.radius)
        matrix[:, 2] += np.array([at_x - left, at_y - top]) - portrait.centre
        picture = cv2.warpAffine(face, matrix, part.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
        shadow = np.hypot(x - at_x, y - at_y - 0.05 * radius) / radius
        part *= 1 - 0.4 * np.clip((1.12 - shadow) / 0.14, 0, 1)[..., None]
        distance = np.hypot(x - at_x, y - at_y)
        rim = np.clip(radius + RIM * self.height - distance, 0, 1)[..., None]
        part += rim * (np.array([240, 244, 248], np.float32) - part)
        part += np.clip(radius - distance, 0, 1)[..., None] * (picture - part)
