"""From boxes in frames to tracks: assignment by overlap with the predicted place.

After SORT (Bewley et al., 2016) with a damped constant-velocity prediction in place of the Kalman
filter: detections here are dense and precise, so the filter's noise model adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fer_batch.types import FloatArray, HalfArray, IntArray

# A face may have moved this many of its own widths beside the prediction, per second unseen.
REACH_PER_S = 1.5
REACH = 0.6
LARGEST_RATIO = 1.8
# Below this correlation with its recent looks it is someone else in the same place (a cut).
LEAST_LIKENESS = 0.45
UNMATCHABLE = 1e6


@dataclass(slots=True)
class _Track:
    number: int
    box: FloatArray
    looks: FloatArray
    time: float
    velocity: FloatArray = field(default_factory=lambda: np.zeros(4, np.float32))

    def predicted(self, time: float) -> FloatArray:
        """Where the box should be; motion is trusted for a quarter of a second."""
        return self.box + self.velocity * np.float32(min(time - self.time, 0.25))

    def update(self, box: FloatArray, looks: FloatArray, time: float) -> None:
        step = max(time - self.time, 1e-6)
        measured = (box - self.box) / np.float32(step)
        weight = np.float32(min(1.0, step / 0.2))
        self.velocity = self.velocity + weight * (measured - self.velocity)
        self.box, self.time = box, time
        self.looks = self.looks + np.float32(0.5) * (looks - self.looks)


def assign_tracks(
    frame: IntArray,
    box: FloatArray,
    appearance: HalfArray,
    time_s: np.ndarray,
    patience_s: float,
) -> IntArray:
    """Number the track of each face: ``int64[n]`` from 0 in order of appearance.

    ``frame int64[n]`` ascending, ``box float32[n, 4]``, ``appearance float16[n, d]`` unit vectors,
    ``time_s float64[frames]``. A track that is not seen for longer than ``patience_s`` seconds
    has ended.
    """
    numbers = np.full(len(frame), -1, np.int64)
    if len(frame) == 0:
        return numbers
    tracks: list[_Track] = []
    count = 0
    starts = np.flatnonzero(np.diff(frame, prepend=-1))
    for start, stop in zip(starts, np.append(starts[1:], len(frame)), strict=True):
        time = float(time_s[frame[start]])
        tracks = [t for t in tracks if time - t.time <= patience_s]
        rows = np.arange(start, stop)
        looks = appearance[start:stop].astype(np.float32)
        for track, row in _match(tracks, box[rows], looks, time):
            tracks[track].update(box[rows[row]], looks[row], time)
            numbers[rows[row]] = tracks[track].number
        # New people are numbered from left to right.
        for row in sorted(rows[numbers[rows] < 0], key=lambda r: (box[r, 0], box[r, 1])):
            tracks.append(_Track(count, box[row], looks[row - start], time))
            numbers[row] = count
            count += 1
    return numbers


def _match(
    tracks: list[_Track], boxes: FloatArray, looks: FloatArray, time: float
) -> list[tuple[int, int]]:
    """Pairs of track and row with the least total cost, among those that are possible."""
    if not tracks:
        return []
    predicted = np.stack([t.predicted(time) for t in tracks])
    unseen = np.array([time - t.time for t in tracks])
    recent = np.stack([t.looks for t in tracks])
    likeness = recent @ looks.T / np.maximum(np.linalg.norm(recent, axis=1)[:, None], 1e-6)
    cost = _costs(predicted, boxes, unseen, likeness)
    if cost.shape == (1, 1):
        rows, columns = np.array([0]), np.array([0])
    else:
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(cost)
    pairs = zip(rows, columns, strict=True)
    return [(int(r), int(c)) for r, c in pairs if cost[r, c] < UNMATCHABLE]


def _costs(
    predicted: FloatArray, boxes: FloatArray, unseen: np.ndarray, likeness: FloatArray
) -> np.ndarray:
    """Distance of centres in face sizes, difference in size and in looks, where within reach."""
    centre = predicted[:, None, :2] + predicted[:, None, 2:] / 2
    other = boxes[None, :, :2] + boxes[None, :, 2:] / 2
    size = np.sqrt(np.clip(predicted[:, 2:].prod(axis=1), 1, None))[:, None]
    other_size = np.sqrt(np.clip(boxes[:, 2:].prod(axis=1), 1, None))[None, :]
    distance = np.hypot(*np.moveaxis(centre - other, 2, 0)) / np.minimum(size, other_size)
    ratio = np.maximum(size, other_size) / np.minimum(size, other_size)
    reach = REACH + REACH_PER_S * np.minimum(unseen, 1.0)[:, None]
    possible = (distance <= reach) & (ratio <= LARGEST_RATIO) & (likeness >= LEAST_LIKENESS)
    return np.where(possible, distance + np.log(ratio) + (1 - likeness) / 2, UNMATCHABLE)
