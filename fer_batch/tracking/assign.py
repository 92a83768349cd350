"""From boxes in frames to tracks: assignment by overlap with the predicted place.

After SORT (Bewley et al., 2016) with a damped constant-velocity prediction in place of the Kalman
filter: detections here are dense and precise, so the filter's noise model adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, log, sqrt

import numpy as np

from fer_batch.tracking.cuts import NO_CUTS, shot_of
from fer_batch.types import FloatArray, HalfArray, IntArray

# A face may have moved this many of its own widths beside the prediction, per second unseen.
REACH_PER_S = 1.5
REACH = 0.6
LARGEST_RATIO = 1.8
# Below this correlation with its recent looks it is someone else in the same place (a cut).
LEAST_LIKENESS = 0.45
UNMATCHABLE = 1e6

# x, y, w, h. Plain numbers: for the few faces of a frame they are ten times faster than arrays.
Box = tuple[float, float, float, float]


@dataclass(slots=True)
class _Track:
    number: int
    box: Box
    looks: FloatArray
    time: float
    velocity: Box = (0.0, 0.0, 0.0, 0.0)

    def predicted(self, time: float) -> Box:
        """Where the box should be; motion is trusted for a quarter of a second."""
        step = min(time - self.time, 0.25)
        (x, y, w, h), (vx, vy, vw, vh) = self.box, self.velocity
        return (x + vx * step, y + vy * step, w + vw * step, h + vh * step)

    def update(self, box: Box, looks: FloatArray, time: float) -> None:
        step = max(time - self.time, 1e-6)
        weight = min(1.0, step / 0.2)
        (x, y, w, h), (nx, ny, nw, nh) = self.box, box
        vx, vy, vw, vh = self.velocity
        self.velocity = (
            vx + weight * ((nx - x) / step - vx),
            vy + weight * ((ny - y) / step - vy),
            vw + weight * ((nw - w) / step - vw),
            vh + weight * ((nh - h) / step - vh),
        )
        self.box, self.time = box, time
        self.looks = np.float32(0.5) * (self.looks + looks)


def assign_tracks(
    frame: IntArray,
    box: FloatArray,
    appearance: HalfArray,
    time_s: np.ndarray,
    patience_s: float,
    cuts: IntArray = NO_CUTS,
) -> IntArray:
    """Number the track of each face: ``int64[n]`` from 0 in order of appearance.

    ``frame int64[n]`` ascending, ``box float32[n, 4]``, ``appearance float16[n, d]`` unit vectors,
    ``time_s float64[frames]``. A track that is not seen for longer than ``patience_s`` seconds
    has ended, and so have all at each of ``cuts``: the first frame of each new shot, rising.
    """
    numbers = np.full(len(frame), -1, np.int64)
    if len(frame) == 0:
        return numbers
    tracks: list[_Track] = []
    count = 0
    starts = np.flatnonzero(np.diff(frame, prepend=-1))
    times = time_s[frame[starts]].tolist()
    stops = [*starts[1:].tolist(), len(frame)]
    shots, shot = shot_of(frame[starts], cuts).tolist(), -1
    for start, stop, time, now in zip(starts.tolist(), stops, times, shots, strict=True):
        tracks = [t for t in tracks if time - t.time <= patience_s and now == shot]
        shot = now
        boxes: list[Box] = [tuple(row) for row in box[start:stop].tolist()]
        looks = appearance[start:stop].astype(np.float32)
        new = set(range(len(boxes)))
        for track, row in _match(tracks, boxes, looks, time):
            tracks[track].update(boxes[row], looks[row], time)
            numbers[start + row] = tracks[track].number
            new.remove(row)
        # New people are numbered from left to right.
        for row in sorted(new, key=boxes.__getitem__):
            tracks.append(_Track(count, boxes[row], looks[row], time))
            numbers[start + row] = count
            count += 1
    return numbers


def _match(
    tracks: list[_Track], boxes: list[Box], looks: FloatArray, time: float
) -> list[tuple[int, int]]:
    """Pairs of track and row with the least total cost, among those that are possible."""
    costs: dict[tuple[int, int], float] = {}
    places = [_place(box) for box in boxes]
    for index, track in enumerate(tracks):
        unseen = min(time - track.time, 1.0)
        x, y, size = _place(track.predicted(time))
        reach = REACH + REACH_PER_S * unseen
        within, norm = reach * size, 0.0
        for row, (ox, oy, other) in enumerate(places):
            if abs(ox - x) > within or abs(oy - y) > within:
                continue
            small, large = min(size, other), max(size, other)
            distance = hypot(ox - x, oy - y) / small
            if distance > reach or large > LARGEST_RATIO * small:
                continue
            norm = norm or max(sqrt(float(track.looks @ track.looks)), 1e-6)
            similarity = float(track.looks @ looks[row]) / norm
            if similarity >= LEAST_LIKENESS:
                # Distance in face sizes, difference in size and in looks.
                costs[index, row] = distance + log(large / small) + (1 - similarity) / 2
    pairs = list(costs)
    if len({i for i, _ in pairs}) == len(pairs) == len({row for _, row in pairs}):
        return pairs  # nobody has a choice
    from lap import lapjv

    table = np.full((len(tracks), len(boxes)), UNMATCHABLE)
    for place, cost in costs.items():
        table[place] = cost
    rows, _ = lapjv(table, extend_cost=True, return_cost=False)
    return [pair for pair in enumerate(rows.tolist()) if pair in costs]


def _place(box: Box) -> tuple[float, float, float]:
    """Centre, and size as the root of the area, at least a pixel."""
    x, y, w, h = box
    return x + w / 2, y + h / 2, sqrt(max(w * h, 1.0))
