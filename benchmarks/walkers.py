"""Films of people who walk: faces from photos, moved across a scene that they share.

Each person walks across, or comes up to the camera and goes away again, and returns some seconds
later with another photo. They cross and hide each other (who is nearer is in front), several are
there at once, grow and shrink, nod and turn a little, and blur when they move. Who is where in each
frame is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from fer_batch.types import FloatArray, Image

SIZE = (960, 540)
FPS = 25
# A face is about so large a part of the side of the photos that heads are cut out of.
FACE_SHARE = 0.62


class Place(NamedTuple):
    """Where a face is: centre and side of its box, pixels."""

    x: float
    y: float
    side: float


class Seen(NamedTuple):
    """A face in a frame, and what share of it shows."""

    person: str
    place: Place
    shows: float


@dataclass(frozen=True, slots=True)
class Visit:
    """One person in the scene for a while. ``path float64[frames, 3]``: centre and side of the
    head in each frame; ``head uint8[s, s, 4]``: BGR, and where it is; ``lean``: degrees to either
    side while they walk."""

    person: str
    head: Image
    start: int
    path: FloatArray
    lean: float

    @property
    def stop(self) -> int:
        """The first frame without them."""
        return self.start + len(self.path)


class Walkers:
    """A film of ``photos`` (by person, BGR ``uint8[s, s, 3]`` each, a face in the middle)."""

    def __init__(
        self, photos: dict[str, list[Image]], seed: int, frames: int = 1400, at_once: int = 3
    ) -> None:
        """``at_once``: how many are in the scene at one time, on average."""
        self.frames = frames
        self._rng = np.random.default_rng(seed)
        self._back = self._scene()
        self._visits = self._plan(photos, at_once)

    def at(self, index: int) -> tuple[Image, list[Seen]]:
        """Frame ``index``: BGR ``uint8[h, w, 3]``, and the faces that show in it."""
        shift = int(40 + 30 * np.sin(index / 90))
        picture = self._back[:, shift : shift + SIZE[0]].copy()
        there = [v for v in self._visits if v.start <= index < v.stop]
        places = [_place(visit, index) for visit in there]
        order = sorted(range(len(there)), key=lambda i: places[i].side)  # the nearest last
        for i in order:
            _draw(picture, there[i], index)
        seen = []
        for rank, i in enumerate(order):
            nearer = [places[other] for other in order[rank + 1 :]]
            seen.append(Seen(there[i].person, places[i], _shows(places[i], nearer)))
        return picture, seen

    def _scene(self) -> Image:
        """A street out of focus."""
        grey = self._rng.integers(40, 190, (7, 13, 1))
        small = (grey + self._rng.integers(-15, 15, (7, 13, 3))).astype(np.uint8)
        wide = cv2.resize(small, (SIZE[0] + 80, SIZE[1]), interpolation=cv2.INTER_CUBIC)
        return np.asarray(cv2.GaussianBlur(wide, (0, 0), 12), np.uint8)

    def _plan(self, photos: dict[str, list[Image]], at_once: int) -> list[Visit]:
        """Who is there when: as many visits as fill the film, each person in turn."""
        people = sorted(photos)
        visits: list[Visit] = []
        free = dict.fromkeys(people, 0)
        used = dict.fromkeys(people, 0)
        start = 0
        while start < self.frames - 30:
            ready = [p for p in people if free[p] <= start]
            if not ready:
                start += 5
                continue
            person = ready[int(self._rng.integers(len(ready)))]
            path = self._path()[: self.frames - start]
            image = photos[person][used[person] % len(photos[person])]
            lean = float(self._rng.uniform(2, 9))
            visits.append(Visit(person, _head(image), start, path, lean))
            used[person] += 1
            free[person] = start + len(path) + int(self._rng.integers(15, 80))
            start += max(int(self._rng.uniform(0.4, 1.6) * len(path) / at_once), 5)
        return visits

    def _path(self) -> FloatArray:
        """A way through the scene."""
        rng, (width, height) = self._rng, SIZE
        frames = int(rng.integers(60, 200))
        t = np.linspace(0, 1, frames)
        near = rng.uniform(60, 230)  # side of the head, pixels
        kind = rng.random()
        if kind < 0.6:  # across, nearer or further
            side = near * (1 + rng.uniform(-0.45, 0.45) * (t - 0.5))
            x = -side / 2 + (width + side) * t
            x = x if rng.random() < 0.5 else width - x
        elif kind < 0.8:  # up to the camera, and out of the picture
            side = rng.uniform(40, 70) + near * t**2
            x = width * rng.uniform(0.2, 0.8) + rng.uniform(-250, 250) * t**3
        else:  # in, wait, and out on the same side
            side = np.full(frames, near)
            depth = rng.uniform(0.25, 0.7) * np.minimum(1, 3 * np.minimum(t, 1 - t))
            x = -side / 2 + (width * depth)
            x = x if rng.random() < 0.5 else width - x
        steps = np.arange(frames) / FPS
        y = height * rng.uniform(0.3, 0.5) + 0.05 * side * np.sin(2 * np.pi * 1.8 * steps)
        return np.stack([x, y, side], axis=1)


def _head(photo: Image) -> Image:
    """A head out of a photo, ``uint8[s, s, 4]``: an oval with a soft edge."""
    side = photo.shape[0]
    mask = np.zeros((side, side), np.uint8)
    middle, axes = (side // 2, round(side * 0.52)), (round(side * 0.37), round(side * 0.46))
    cv2.ellipse(mask, middle, axes, 0, 0, 360, 255, -1)
    return np.dstack([photo, cv2.GaussianBlur(mask, (0, 0), side / 60)])


def _place(visit: Visit, index: int) -> Place:
    x, y, side = visit.path[index - visit.start]
    return Place(float(x), float(y), float(side) * FACE_SHARE)


def _draw(picture: Image, visit: Visit, index: int) -> None:
    """Put a head, and the shoulders below it, into ``picture``."""
    at = index - visit.start
    x, y, side = visit.path[at]
    before = visit.path[max(at - 1, 0)]
    pixels = round(side)
    head = cv2.resize(visit.head, (pixels, pixels), interpolation=cv2.INTER_AREA)
    # A shutter that is open for half a frame.
    head = _blurred(head, float(np.hypot(x - before[0], y - before[1])) / 2)
    body = (int(x), int(y + 0.95 * side))
    shade = [int(v) for v in visit.head[::9, ::9, :3].mean(axis=(0, 1)) * 0.6]
    cv2.ellipse(picture, body, (int(0.75 * side), int(0.55 * side)), 0, 0, 360, shade, -1)
    left, top = max(int(x - 0.7 * side), 0), max(int(y - 0.7 * side), 0)
    part = picture[top : max(int(y + 0.7 * side), 0), left : max(int(x + 0.7 * side), 0)]
    if not part.size:
        return
    transform = cv2.getRotationMatrix2D((0, 0), visit.lean * np.sin(at / 11), 1)
    transform[:, 0] *= 1 - 0.12 * (1 + np.sin(at / 17)) / 2  # a head that turns is narrower
    transform[:, 2] = np.array([x - left, y - top]) - transform[:, :2] @ [pixels / 2, pixels / 2]
    laid = cv2.warpAffine(head, transform, part.shape[1::-1])
    share = laid[..., 3:].astype(np.float32) / 255
    part[:] = (laid[..., :3] * share + part * (1 - share)).astype(np.uint8)


def _blurred(head: Image, length: float) -> Image:
    """``head`` as a shutter sees it that moves ``length`` of its pixels to the side."""
    taps = round(length)
    if taps < 2:
        return head
    return np.asarray(cv2.blur(head, (taps, 1), borderType=cv2.BORDER_REPLICATE), np.uint8)


def _shows(face: Place, nearer: list[Place]) -> float:
    """The share of a face that is in the picture and not behind the heads that are nearer."""
    grid = (np.arange(8) + 0.5) / 8 - 0.5
    x, y = (face.x + grid * face.side)[None], (face.y + grid * face.side)[:, None]
    hidden = (x < 0) | (x >= SIZE[0]) | (y < 0) | (y >= SIZE[1])
    for other in nearer:
        reach = other.side / FACE_SHARE / 2
        oval = ((x - other.x) / (0.74 * reach)) ** 2 + ((y - other.y) / (0.92 * reach)) ** 2
        hidden = hidden | (oval < 1)
    return 1 - float(hidden.mean())
