"""Detection on a grid, filled in between where neighbours agree, finer where they do not.

A batch job may look ahead: a face found in frames 0 and 4 at nearly the same place is between
them in frames 1 to 3. Groups of frames between two grid frames depend on nothing outside them, so
any cut of a source into segments gives the same faces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from fer_batch.faces.detector import Detector
from fer_batch.faces.interpolate import agree, between
from fer_batch.pipeline.progress import Timings
from fer_batch.types import Detections, Frame

# Frames without faces that are further apart say nothing of those between them.
EMPTY_SPAN = 4

NOTHING = Detections(
    np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32)
)

CutMayLie = Callable[[int, int], bool]
"""Whether the film may cut anywhere from one frame to another."""


def one_shot(first: int, last: int) -> bool:
    """No cut anywhere."""
    return False


def detect_on_grid(
    frames: Iterable[Frame],
    detector: Detector,
    grid: int,
    timings: Timings,
    cut_may_lie: CutMayLie = one_shot,
) -> Iterator[tuple[Frame, Detections]]:
    """Yield each analysed frame with its faces.

    ``frames``: the analysed frames of a range, in order, from a grid frame on and one grid frame
    past its end; that last one, if it comes, only serves the group before it and is yielded too.
    Frames that could not be decoded have no faces. Nothing is filled in where ``cut_may_lie``.
    """
    group: list[Frame] = []
    known: dict[int, Detections] = {}
    for frame in frames:
        group.append(frame)
        if len(group) == grid + 1:
            faces = _fill_group(group, detector, known, timings, cut_may_lie)
            yield from zip(group[:-1], faces[:-1], strict=True)
            known = {frame.index: faces[-1]} if frame.image is not None else {}
            group = [frame]
    if group:
        faces = _fill_group(group, detector, known, timings, cut_may_lie)
        yield from zip(group, faces, strict=True)


def _fill_group(
    group: list[Frame],
    detector: Detector,
    known: dict[int, Detections],
    timings: Timings,
    cut_may_lie: CutMayLie,
) -> list[Detections]:
    """Faces of each frame of a group: detected at both ends and wherever they are needed."""
    decoded = [frame for frame in group if frame.image is not None]
    found: dict[int, Detections] = dict(known)

    def at(place: int) -> Detections:
        frame = decoded[place]
        if frame.index not in found:
            with timings.stage("detect"):
                found[frame.index] = detector.detect(frame)
        return found[frame.index]

    def fill(low: int, high: int) -> None:
        if high - low < 2:
            return
        first, last = at(low), at(high)
        match = agree(first, last)
        if match is not None and cut_may_lie(decoded[low].index, decoded[high].index):
            match = None
        if match is None or (not match and high - low > EMPTY_SPAN):
            middle = (low + high) // 2
            at(middle)
            fill(low, middle)
            fill(middle, high)
            return
        span = decoded[high].index - decoded[low].index
        for place in range(low + 1, high):
            share = (decoded[place].index - decoded[low].index) / span
            found[decoded[place].index] = between(first, last, match, share)

    if decoded:
        at(0)
        at(len(decoded) - 1)
        fill(0, len(decoded) - 1)
    return [found.get(frame.index, NOTHING) for frame in group]
