"""Images that belong together: photos, each by itself, or the frames of a film.

A wrong guess costs most where photos are taken for a film: they would be smoothed over each other.
So all three signs must agree before images are frames: names that count up, one size, and
neighbours that look alike, more so than pictures that are far apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Literal

from fer_batch.errors import InputError

if TYPE_CHECKING:
    from fer_batch.config import Limits
    from fer_batch.types import Image

ImageSet = Literal["photos", "frames"]

FEWEST_FRAMES = 5
SAMPLES = 12  # places that are looked at, spread over the set
THUMB = 32
# Mean differences of neighbouring thumbnails, of 255 grey levels. Measured on clips: 0.5 to 0.8 at
# 25 frames a second, 2 to 6 at 5, 11 to 22 at one a second; photos of different people 25 to 60,
# two expressions of one person before the same camera 17.
STILL = 1.5  # nothing moves
ALIKE = 6.0  # moves, and is
NEARER = 0.5  # of the difference of pictures that are far apart
STEADY = 0.9  # share of the steps between numbers that are equal
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Sample:
    """What is looked at of a set: ``near``, pictures each with the next one and one far away, and
    ``sizes``, those that must be of one size."""

    near: tuple[tuple[Path, Path, Path], ...]
    sizes: tuple[Path, ...]


Look = Callable[[Sample, "Limits"], bool]
"""Whether a sample looks like frames of a film, see ``looks_like_film``."""


def photos_or_frames(files: Sequence[Path], limits: Limits, look: Look | None = None) -> ImageSet:
    """What images in their natural order are, by names, sizes and a few of their pictures, at which
    ``look`` (usually ``looks_like_film``) looks."""
    if len(files) < FEWEST_FRAMES or not counts_up([file.name for file in files]):
        return "photos"
    return "frames" if (look or looks_like_film)(_sample(files), limits) else "photos"


def looks_like_film(sample: Sample, limits: Limits) -> bool:
    """Whether pictures are of one size, and neighbours alike, more so than pictures far apart.
    Images that cannot be read say nothing: a film of which some were damaged on the way is still
    one. Where fewer than half of the places tell, the answer is no."""
    return _one_size(sample, limits) and _moves_little(sample, limits)


def _sample(files: Sequence[Path]) -> Sample:
    count = len(files)
    step, half = max(1, (count - 1) // SAMPLES), count // 2
    places = list(range(0, count - 1, step))[:SAMPLES]
    sizes = sorted({place + more for place in places for more in (0, 1)} | {count - 1})
    near = tuple((files[p], files[p + 1], files[(p + half) % count]) for p in places)
    return Sample(near, tuple(files[place] for place in sizes))


def counts_up(names: Sequence[str]) -> bool:
    """Whether names are the same but for one number that rises in equal steps; gaps are allowed.
    It need not be the last: ``take2_0001_1080p.png``."""
    if len({name.rpartition(".")[2].lower() for name in names}) > 1:
        return False
    # What stands between numbers has even places, numbers have odd ones.
    parts = [_DIGITS.split(name.rpartition(".")[0] or name) for name in names]
    if len({len(part) for part in parts}) > 1:
        return False
    places = [place for place, column in enumerate(zip(*parts, strict=True)) if len({*column}) > 1]
    if len(places) != 1 or places[0] % 2 == 0:
        return False
    numbers = [int(part[places[0]]) for part in parts]
    steps = [after - before for before, after in pairwise(numbers)]
    if not steps or min(steps) < 1:
        return False
    usual = median(steps)
    return sum(step == usual for step in steps) >= STEADY * len(steps)


def _one_size(sample: Sample, limits: Limits) -> bool:
    from fer_batch.media.image_header import read_header

    sizes = set()
    for file in sample.sizes:
        with suppress(InputError):
            sizes.add(read_header(file, limits).upright)
    return len(sizes) == 1


def _moves_little(sample: Sample, limits: Limits) -> bool:
    import numpy as np

    thumbs: dict[Path, Image] = {}
    for file in {file for three in sample.near for file in three}:
        with suppress(InputError):
            thumbs[file] = _thumb(file, limits)

    def apart(other: int) -> float:
        pairs = [(three[0], three[other]) for three in sample.near]
        read = [(a, b) for a, b in pairs if a in thumbs and b in thumbs]
        if 2 * len(read) < len(pairs):
            return math.nan  # which is never below a limit
        return float(np.median([np.abs(thumbs[a] - thumbs[b]).mean() for a, b in read]))

    near = apart(1)
    return near <= STILL or (near <= ALIKE and near <= NEARER * apart(2))


def _thumb(path: Path, limits: Limits) -> Image:
    """A small grey picture, ``float32[THUMB, THUMB]``."""
    import cv2
    import numpy as np

    from fer_batch.media.image_decode import read_picture

    grey = cv2.cvtColor(read_picture(path, limits).bgr, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (THUMB, THUMB), interpolation=cv2.INTER_AREA).astype(np.float32)


def described(kind: ImageSet, count: int, where: str) -> str:
    """The line that says what images were taken for, and how to say otherwise."""
    if kind == "photos":
        return (
            f"{where}: {count} images are taken as photos, each by itself; "
            "if they are frames of a film, say --images frames"
        )
    return (
        f"{where}: {count} images are taken as frames of a film; "
        "if they are photos, say --images photos"
    )
