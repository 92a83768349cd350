"""Where a film cuts to another picture: hard cuts and fast dissolves, from a glimpse of each frame.

A hard cut is a change that is large by itself and against those around it, as PySceneDetect's
adaptive detector has it; motion changes many frames in a row. A dissolve is a run of frames that
are mixtures of the one before and the one after. Neither is a cut where the old picture comes back
at once (a flash) or only the light has changed. Decided over the whole source at once, so that how
it was cut into segments cannot matter.

A glimpse is ``uint8[d]``, all 0 where a frame has no picture: two thirds of it luma, then chroma.
"""

from __future__ import annotations

import numpy as np

from fer_batch.types import BoolArray, FloatArray, Image, IntArray

# Mean difference of luma plus twice that of chroma, in levels of 255. Cuts of films are mostly
# above 20, the fastest motion of a handheld camera reaches 12.
LEAST_CHANGE = 13.0
# A cut is this many times as large as the changes around it.
ABOVE_OTHERS = 2.5
AROUND = 4
# A picture that is back after so many frames was only interrupted.
LONGEST_FLASH = 4
BACK_AGAIN = 0.4
# Correlation of two pictures' luma above which the second is the first in another light.
SAME_SCENE = 0.93
# Frames of the longest dissolve; half a second and a little more at 25 a second.
LONGEST_DISSOLVE = 16
# Mean departure from a mixture, and the change just outside, as shares of the whole change.
MIXTURE, STILL = 0.12, 0.5
# Each frame of a dissolve is further on by at least this share of an even step.
EVEN = 0.35

NO_CUTS: IntArray = np.zeros(0, np.int64)


def change(first: Image, second: Image) -> FloatArray:
    """How much glimpses ``uint8[..., d]`` differ: ``float32[...]``, 0 to some hundreds."""
    difference = np.abs(first.astype(np.int16) - second.astype(np.int16))
    luma = _luma(difference.shape[-1])
    return np.asarray(
        difference[..., :luma].mean(axis=-1) + 2 * difference[..., luma:].mean(axis=-1), np.float32
    )


def suspicious(glimpses: Image) -> np.ndarray:
    """Whether a cut may lie before each of ``uint8[n, d]`` but the first: ``bool[n - 1]``.

    Depends on nothing but the two frames, and misses no hard cut that ``find_cuts`` finds.
    """
    return change(glimpses[:-1], glimpses[1:]) >= LEAST_CHANGE


def jumps(glimpses: Image) -> IntArray:
    """The frames before which a cut may lie, ``int64[k]`` rising, by ``suspicious``: cuts, but also
    flashes, and light that is switched on. ``glimpses uint8[frames, d]``; those without a picture
    are passed over."""
    there = np.flatnonzero(glimpses.any(axis=1))
    if len(there) < 2:
        return NO_CUTS
    return there[1:][suspicious(glimpses[there])]


def find_cuts(glimpses: Image) -> IntArray:
    """The first frame of each new shot, ``int64[cuts]`` rising, from ``uint8[frames, d]``.

    Frames without a picture are passed over.
    """
    there = np.flatnonzero(glimpses.any(axis=1))
    if len(there) < 2:
        return NO_CUTS
    seen = glimpses[there]
    steps = np.concatenate([[0], change(seen[:-1], seen[1:])]).astype(np.float32)
    soft = _dissolves(seen, steps)
    hard = _hard(seen, steps, [range(start + 1, stop + 1) for start, stop in soft])
    middles = [(start + stop + 1) // 2 for start, stop in soft]
    places = np.array(sorted(hard + middles), np.int64)
    # A single frame is no shot: it goes with those before it.
    return there[places[np.diff(places, append=len(seen) + 1) > 1]]


def shot_of(frame: IntArray, cuts: IntArray) -> IntArray:
    """Number of the shot, from 0, that each ``frame int64[n]`` belongs to."""
    return np.searchsorted(cuts, frame, side="right").astype(np.int64)


def _hard(seen: Image, steps: FloatArray, dissolves: list[range]) -> list[int]:
    """Single large changes that are part of no dissolve."""
    taken = {place for span in dissolves for place in span}
    found = []
    for place in np.flatnonzero(steps >= LEAST_CHANGE).tolist():
        if place in taken:
            continue
        before, after = steps[max(place - AROUND, 1) : place], steps[place + 1 : place + 1 + AROUND]
        others = np.concatenate([before, after])
        usual = float(np.median(others)) if len(others) else 0.0
        if steps[place] < ABOVE_OTHERS * usual:
            continue
        if not _interrupted(seen, place, float(steps[place])) and not _same_scene(
            seen[place - 1], seen[place]
        ):
            found.append(place)
    return found


def _interrupted(seen: Image, place: int, step: float) -> bool:
    """Whether the picture before ``place`` comes back soon, or that after it was there shortly
    before."""
    after = seen[place + 1 : place + 1 + LONGEST_FLASH]
    before = seen[max(place - 1 - LONGEST_FLASH, 0) : place - 1]
    back = [change(seen[place - 1], after), change(before, seen[place])]
    return any(len(each) and float(each.min()) < BACK_AGAIN * step for each in back)


def _same_scene(first: Image, second: Image) -> bool:
    """Whether two glimpses are one scene in another light: luma correlates, colour stays."""
    luma = _luma(len(first))
    a, b = (each[:luma].astype(np.float32) for each in (first, second))
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return norm > 0 and float(a @ b) / norm >= SAME_SCENE


def _dissolves(seen: Image, steps: FloatArray) -> list[tuple[int, int]]:
    """The last frame before and the first after each dissolve."""
    total = np.cumsum(steps, dtype=np.float64)
    found: list[tuple[int, int]] = []
    start = 0
    while start + 3 < len(seen):
        stop = _end_of_dissolve(seen, steps, total, start)
        if stop:
            found.append((start, stop))
        start = stop or start + 1
    return found


def _end_of_dissolve(seen: Image, steps: FloatArray, total: np.ndarray, start: int) -> int:
    """Where a dissolve that leaves frame ``start`` has arrived, 0 where none leaves it."""
    last = min(start + LONGEST_DISSOLVE, len(seen) - 2)
    if total[last] - total[start] < LEAST_CHANGE or steps[start] > STILL * steps[start + 1]:
        return 0
    stops = np.arange(start + 2, last + 1)
    stops = stops[total[stops] - total[start] >= LEAST_CHANGE]
    for stop in stops[_set_out(seen, start, stops)].tolist():
        if _mixes(seen, steps, start, stop):
            return stop
    return 0


def _set_out(seen: Image, start: int, stops: IntArray) -> BoolArray:
    """To which of ``stops`` the frame after ``start`` may be a first step: much less work for all
    at once than to look at all frames between. Errs only by letting one through."""
    first = seen[start].astype(np.float32)
    ways = seen[stops].astype(np.float32) - first
    share = ways @ (seen[start + 1] - first) / np.maximum((ways**2).sum(axis=1), 1e-6)
    return np.asarray(share * (stops - start) >= EVEN - 1e-3, np.bool_)


def _mixes(seen: Image, steps: FloatArray, start: int, stop: int) -> bool:
    """Whether all frames between two are mixtures of both, ever more of the second, and the film
    stands still on either side."""
    whole = float(change(seen[start], seen[stop]))
    each = whole / (stop - start)
    if whole < LEAST_CHANGE or max(steps[start], steps[stop + 1]) > STILL * each:
        return False
    first, second = seen[start].astype(np.float32), seen[stop].astype(np.float32)
    way = second - first
    between = seen[start + 1 : stop].astype(np.float32) - first
    share = between @ way / float(way @ way)
    if (np.diff(share, prepend=0, append=1) * (stop - start) < EVEN).any():
        return False
    departure = np.abs(between - share[:, None] * way).mean(axis=1)
    near = float(departure.mean()) <= MIXTURE * float(np.abs(way).mean())
    return near and not _same_scene(seen[start], seen[stop])


def _luma(length: int) -> int:
    """How many numbers of a glimpse are luma."""
    return length * 2 // 3
