"""Short misses are bridged, ghosts dropped."""

from __future__ import annotations

import numpy as np

from fer_batch.groups import by_track
from fer_batch.types import FloatArray, IntArray


def ghosts(
    track: IntArray,
    frame: IntArray,
    confidence: FloatArray,
    time_s: np.ndarray,
    shortest_s: float,
    least_confidence: float,
    sight_s: float = 0.0,
) -> np.ndarray:
    """Which faces ``bool[n]`` belong to tracks both shorter and less certain than given.

    Certainty is a track's mean detection confidence, its length the time from first to last sight
    and ``sight_s``: how long one sight stands for, where pictures are far apart.
    """
    drop = np.zeros(len(track), bool)
    for _, mine in by_track(track):
        times = time_s[frame[mine]]
        short = times[-1] - times[0] + sight_s < shortest_s
        drop[mine] = short and float(confidence[mine].mean()) < least_confidence
    return drop


def missing_rows(
    frame: IntArray, time_s: np.ndarray, usable: np.ndarray, longest_s: float
) -> tuple[IntArray, IntArray, FloatArray]:
    """Frames to fill in one track, between sights at most ``longest_s`` seconds apart.

    ``frame int64[n]`` ascending: where the track was seen; ``usable bool[frames]``: frames that
    were decoded and analysed. Returns, one entry a frame to fill, the frame, the place in
    ``frame`` of the sight before it, and the share (0 to 1) of the way to the next sight in time.
    """
    frames: list[int] = []
    before: list[int] = []
    shares: list[float] = []
    for place in np.flatnonzero(np.diff(frame) > 1):
        first, last = int(frame[place]), int(frame[place + 1])
        span = float(time_s[last] - time_s[first])
        if span > longest_s:
            continue
        for index in range(first + 1, last):
            if usable[index]:
                frames.append(index)
                before.append(int(place))
                shares.append(float(time_s[index] - time_s[first]) / max(span, 1e-9))
    return (
        np.array(frames, np.int64),
        np.array(before, np.int64),
        np.array(shares, np.float32),
    )
