"""Which moments of a video are worth showing: where expressions are strongest or change. Pure.

Each face in each frame gets a score: how far its smoothed probabilities are from neutral, plus how
much they change within half a second around it, weighted by how large the face is. Windows around
the best frames are taken in turn; a person and label that were shown already count for less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fer_batch.groups import by_track

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fer_batch.config import RenderSettings
    from fer_batch.types import IntArray, Timeline

MAX_S = 8.0
WINDOW_S = 1.5
MAX_MOMENTS = 4
JOIN_S = 0.4
CHANGE_S = 0.5
SEEN_BEFORE = 0.55
GIF_FPS = 10.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Frames ``start_frame <= i < stop_frame``, seconds from the first frame, and its best frame.

    ``face_id`` is -1, ``emotion`` empty and ``probability`` 0 where no face is in the key frame.
    """

    start_frame: int
    stop_frame: int
    start_s: float
    stop_s: float
    key_frame: int
    key_s: float
    face_id: int
    emotion: str
    probability: float

    @property
    def seconds(self) -> float:
        return self.stop_s - self.start_s


def pick_moments(
    timeline: Timeline, settings: RenderSettings | None = None, max_s: float = MAX_S
) -> list[Moment]:
    """The moments to show, in order of time, apart from one another, at most ``max_s`` together.

    ``settings.gif_range`` replaces the choice where it is not (0, 0); the
    list is empty if that range holds no frame. Same timeline, same moments.
    """
    if len(timeline) == 0 or timeline.is_photos:
        return []
    timeline = timeline.readable()
    ends = _ends(timeline)
    faces = face_scores(timeline)
    if settings is not None and any(settings.gif_range):
        start_s, stop_s = settings.gif_range[0], min(settings.gif_range[1], float(ends[-1]))
        ranges = [(start_s, min(stop_s, start_s + max_s))]
    elif not len(timeline.frame):
        ranges = [(0.0, min(3.0, max_s))]
    elif float(ends[-1]) <= max_s / 2:
        ranges = [(0.0, float(ends[-1]))]
    else:
        ranges = _joined(_windows(timeline, faces, ends, max_s)) or [(0.0, min(3.0, max_s))]
    moments: list[Moment] = []
    for start_s, stop_s in ranges:
        stop_s = min(stop_s, start_s + max_s - sum(moment.seconds for moment in moments))
        if moment := _moment(timeline, faces, ends, start_s, stop_s):
            moments.append(moment)
    return moments


def face_scores(timeline: Timeline) -> NDArray[np.float64]:
    """How worth showing each face in each frame is: ``float64[n]``, at least 0."""
    if len(timeline.frame) == 0:
        return np.zeros(0)
    p = timeline.smoothed.astype(np.float64)
    if "neutral" in timeline.labels and len(timeline.labels) > 1:
        shown = np.delete(p, timeline.labels.index("neutral"), axis=1)
    else:
        shown = p
    area = timeline.box[:, 2].astype(np.float64) * timeline.box[:, 3]
    size = np.sqrt(np.maximum(area, 0) / max(float(area.max()), 1e-9))
    return (shown.max(axis=1) + _change(timeline, p)) * (0.4 + 0.6 * size)


def _change(timeline: Timeline, p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half the L1 distance of a face's probabilities half a window before and after each row."""
    change = np.zeros(len(p))
    for _, rows in by_track(timeline.face_id):
        time = timeline.time_s[timeline.frame[rows]]
        before = np.searchsorted(time, time - CHANGE_S / 2)
        after = np.searchsorted(time, time + CHANGE_S / 2, side="right") - 1
        before, after = rows[before], rows[after]
        for label in range(p.shape[1]):  # one at a time: films have many rows
            change[rows] += 0.5 * np.abs(p[after, label] - p[before, label])
    return change


def _windows(
    timeline: Timeline, faces: NDArray[np.float64], ends: NDArray[np.float64], max_s: float
) -> list[tuple[float, float]]:
    """Ranges in seconds around the best frames, the best first."""
    left, end = np.zeros(len(timeline)), float(ends[-1])
    np.maximum.at(left, timeline.frame, faces)
    leader = _leaders(timeline, faces)
    chosen: list[tuple[float, float]] = []
    spent = 0.0
    while len(chosen) < MAX_MOMENTS and spent < max_s - 0.5 * bool(chosen) and left.max() > 0:
        best = int(left.argmax())
        length = min(WINDOW_S, max_s - spent)
        # A little more of what follows than of what leads up to it.
        start = min(max(float(timeline.time_s[best]) - 0.45 * length, 0.0), max(end - length, 0.0))
        chosen.append((start, start + length))
        spent += length
        near = (ends > start - JOIN_S) & (timeline.time_s < start + length + JOIN_S)
        left[near] = 0
        left[leader == leader[best]] *= SEEN_BEFORE
    return chosen


def _leaders(timeline: Timeline, faces: NDArray[np.float64]) -> IntArray:
    """A number for (person, label) of the best face in each frame; -1 without a face."""
    best = np.full(len(timeline), -1, dtype=np.int64)
    order = np.argsort(faces, kind="stable")
    who = timeline.face_id[order] * len(timeline.outcomes) + timeline.emotion[order]
    best[timeline.frame[order]] = who
    return best


def _joined(ranges: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The ranges in order of time, those that overlap made one."""
    joined: list[tuple[float, float]] = []
    for start, stop in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined


def _moment(
    timeline: Timeline,
    faces: NDArray[np.float64],
    ends: NDArray[np.float64],
    start_s: float,
    stop_s: float,
) -> Moment | None:
    """The frames that begin in the range; None if there is none."""
    first = int(np.searchsorted(timeline.time_s, start_s - 1e-9))
    last = int(np.searchsorted(timeline.time_s, stop_s - 1e-9))
    if last <= first:
        return None
    rows = timeline.faces_at(first)
    rows = slice(rows.start, timeline.faces_at(last - 1).stop)
    stop_s = min(float(ends[last - 1]), stop_s)
    begin = float(timeline.time_s[first])
    if rows.stop == rows.start:
        return Moment(first, last, begin, stop_s, first, begin, -1, "", 0.0)
    best = rows.start + int(faces[rows].argmax())
    key, label = int(timeline.frame[best]), int(timeline.emotion[best])
    return Moment(
        start_frame=first,
        stop_frame=last,
        start_s=begin,
        stop_s=stop_s,
        key_frame=key,
        key_s=float(timeline.time_s[key]),
        face_id=int(timeline.face_id[best]),
        emotion=timeline.outcomes[label],
        probability=float(timeline.smoothed[best].max()),
    )


def _ends(timeline: Timeline) -> NDArray[np.float64]:
    """When each frame ends: at the time of the next one."""
    return np.append(timeline.time_s[1:], timeline.end_s)


def sample_frames(timeline: Timeline, moment: Moment, fps: float = GIF_FPS) -> list[int]:
    """Which frame a picture sequence of ``fps`` shows at each tick of ``moment``; may repeat.

    Tick k shows the frame on screen ``k / fps`` seconds after the moment's first frame.
    """
    ticks = max(int((moment.stop_s - moment.start_s) * fps + 1e-6), 1)
    times = moment.start_s + np.arange(ticks) / fps
    frames = np.searchsorted(timeline.time_s, times + 1e-9, side="right") - 1
    return [int(i) for i in np.clip(frames, moment.start_frame, moment.stop_frame - 1)]
