"""Detection on a grid, filled in between where neighbours agree, finer where they do not.

A batch job may look ahead: a face found in frames 0 and 4 at nearly the same place is between
them in frames 1 to 3. Groups of frames between two grid frames depend on nothing outside them, so
any cut of a source into segments gives the same faces.
"""

from __future__ import annotations

import math
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
    longest: float = math.inf,
    cut_may_lie: CutMayLie = one_shot,
) -> Iterator[tuple[Frame, Detections]]:
    """Yield each analysed frame with its faces.

    ``frames``: the analysed frames of a range, in order, from a grid frame on and one grid frame
    past its end; that last one, if it comes, only serves the group before it and is yielded too.
    ``longest``: between frames further apart than that, in ticks, nothing is filled in: each of
    them is searched, and so it is where ``cut_may_lie``. Frames that could not be decoded have no
    faces.
    """
    group: list[Frame] = []
    known: dict[int, Detections] = {}
    for frame in frames:
        group.append(frame)
        if len(group) == grid + 1:
            faces = _fill_group(group, detector, known, timings, longest, cut_may_lie)
            yield from zip(group[:-1], faces[:-1], strict=True)
            known = {frame.index: faces[-1]} if frame.image is not None else {}
            group = [frame]
    if group:
        faces = _fill_group(group, detector, known, timings, longest, cut_may_lie)
        yield from zip(group, faces, strict=True)


def _fill_group(
    group: list[Frame],
    detector: Detector,
    known: dict[int, Detections],
    timings: Timings,
    longest: float,
    cut_may_lie: CutMayLie,
) -> list[Detections]:
    """Faces of each frame of a group, level by level: detected at both ends, then in the middle of
    each span whose ends disagree or lie far apart, and so on. A level is one call of the
    detector."""
    decoded = [frame for frame in group if frame.image is not None]
    found: dict[int, Detections] = dict(known)
    spans = [(0, len(decoded) - 1)] if decoded else []
    while spans:
        _detect(decoded, spans, detector, found, timings)
        wider = [(low, high) for low, high in spans if high - low > 1]
        spans = []
        for low, high in wider:
            first, last = found[decoded[low].index], found[decoded[high].index]
            far = decoded[high].pts - decoded[low].pts > longest
            far = far or cut_may_lie(decoded[low].index, decoded[high].index)
            match = None if far else agree(first, last)
            if match is None or (not match and high - low > EMPTY_SPAN):
                middle = (low + high) // 2
                spans += [(low, middle), (middle, high)]
                continue
            length = decoded[high].index - decoded[low].index
            for frame in decoded[low + 1 : high]:
                share = (frame.index - decoded[low].index) / length
                found[frame.index] = between(first, last, match, share)
    return [found.get(frame.index, NOTHING) for frame in group]


def _detect(
    decoded: list[Frame],
    spans: list[tuple[int, int]],
    detector: Detector,
    found: dict[int, Detections],
    timings: Timings,
) -> None:
    """Search those ends of ``spans`` that were not searched yet."""
    places = sorted({place for span in spans for place in span})
    frames = [decoded[place] for place in places if decoded[place].index not in found]
    if frames:
        with timings.stage("detect"):
            answers = detector.detect_many(frames)
        for frame, faces in zip(frames, answers, strict=True):
            found[frame.index] = faces
