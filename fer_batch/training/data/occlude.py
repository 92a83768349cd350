"""Things before a face: hands, glasses, microphones, drawn onto it.

They lie where they do in films: glasses on the eyes, microphones below the mouth, hands anywhere
from the edge. Positions are shares of the image, those of FER2013's mean face.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    ByteArray = NDArray[np.uint8]

EYES = ((0.31, 0.375), (0.69, 0.375))
MOUTH = (0.5, 0.76)
FINE = 4
"""OpenCV draws at sixteenths of a pixel: ``shift`` bits."""


def occlude(image: ByteArray, rng: np.random.Generator) -> ByteArray:
    """``image uint8[s, s]`` with one of these things before the face; a new array."""
    drawn = image.copy()
    (glasses, hand, microphone)[int(rng.integers(3))](drawn, rng)
    return drawn


def glasses(image: ByteArray, rng: np.random.Generator) -> None:
    """Frames on both eyes, in place; a third of them are sunglasses."""
    import cv2

    size = image.shape[0]
    grey = int(rng.integers(0, 256)) if rng.random() < 0.3 else int(rng.integers(0, 70))
    dark = rng.random() < 1 / 3
    shift = rng.normal(0, 0.03, 2)
    wide, high = rng.uniform(0.13, 0.18) * size, rng.uniform(0.08, 0.14) * size
    thick = int(rng.integers(1, 3))
    centres = [((x + shift[0]) * size, (y + shift[1]) * size) for x, y in EYES]
    for centre in centres:
        middle, half = _fine(centre), _fine((wide, high))
        stroke = (-1 if dark else thick, cv2.LINE_AA, FINE)
        cv2.ellipse(image, middle, half, 0.0, 0.0, 360.0, grey, *stroke)
    (left, y), (right, _) = centres
    bridge = _fine((left + wide, y)), _fine((right - wide, y))
    cv2.line(image, *bridge, grey, thick, cv2.LINE_AA, FINE)


def hand(image: ByteArray, rng: np.random.Generator) -> None:
    """One to four fingers side by side that reach in from an edge, in place, with the face's own
    grey and dark seams between them."""
    import cv2
    import numpy as np

    size = image.shape[0]
    skin = float(np.median(image)) + rng.normal(0, 15)
    seam = int(np.clip(skin * 0.7, 0, 255))
    angle = rng.uniform(0, 2 * np.pi)
    along = np.array([np.cos(angle), np.sin(angle)])
    aside = np.array([-along[1], along[0]])
    tip = (0.5 + rng.uniform(-0.25, 0.25, 2)) * size
    width = rng.uniform(0.09, 0.15) * size
    for finger in range(int(rng.integers(1, 5))):
        end = tip + aside * finger * width + along * rng.normal(0, 0.05) * size
        line = _fine(end), _fine(end + along * 1.5 * size)
        grey = int(np.clip(skin + rng.normal(0, 5), 0, 255))
        for colour, thick in ((seam, round(width)), (grey, max(1, round(width) - 2))):
            cv2.line(image, *line, colour, thick, cv2.LINE_AA, FINE)


def microphone(image: ByteArray, rng: np.random.Generator) -> None:
    """A ball before the mouth or chin and the handle that leads to it from below, in place."""
    import cv2
    import numpy as np

    size = image.shape[0]
    centre = np.array([MOUTH[0] + rng.normal(0, 0.1), MOUTH[1] + rng.uniform(-0.04, 0.2)]) * size
    radius = rng.uniform(0.07, 0.15) * size
    grey, handle = int(rng.integers(0, 140)), int(rng.integers(0, 110))
    foot = (centre[0] + rng.normal(0, 0.3) * size, 1.3 * size)
    thick = max(1, round(radius))
    cv2.line(image, _fine(centre), _fine(foot), handle, thick, cv2.LINE_AA, FINE)
    cv2.circle(image, _fine(centre), round(radius * 2**FINE), grey, -1, cv2.LINE_AA, FINE)


def _fine(point: object) -> tuple[int, int]:
    """Pixels as OpenCV's fixed-point numbers."""
    import numpy as np

    x, y = np.rint(np.asarray(point, np.float64) * 2**FINE).astype(int)
    return int(x), int(y)
