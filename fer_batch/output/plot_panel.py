"""One person's panel of ``timeline.png``: axes, curves and the strip of episodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from fer_batch.output import palette
from fer_batch.output.draw.text import fitted
from fer_batch.types import FrameStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fer_batch.output.draw.canvas import Canvas
    from fer_batch.output.people import Episode, Person
    from fer_batch.types import IntArray, Timeline

MAX_POINTS = 800
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
INK = "#22272E"
SOFT = "#6B7480"
GRID = "#E6E9ED"
EMPTY = "#F3F4F6"

# Pixels.
LEFT, RIGHT = 79, 1186
SMALL, TEXT, NAME = 12, 13, 15

Place = TypeVar("Place", float, "NDArray[np.float64]")


@dataclass(frozen=True, slots=True)
class Panel:
    """Where one person's curves lie: probability 1.03 at ``top``, -0.19 at its bottom. ``numbers``:
    what stands for seconds are numbers of photos."""

    top: int
    height: int
    begin_s: float
    end_s: float
    numbers: bool = False

    @property
    def length_s(self) -> float:
        return self.end_s - self.begin_s

    def x(self, seconds: Place) -> Place:
        return LEFT + (seconds - self.begin_s) / self.length_s * (RIGHT - LEFT)

    def y(self, probability: Place) -> Place:
        return self.top + (1.03 - probability) / 1.22 * self.height

    def curve(self, time: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points in pixels, ``float64[n, 2]``; of photos as steps, since none leads to the next."""
        if self.numbers:
            time, values = np.stack([time, time + 1], axis=1).reshape(-1), np.repeat(values, 2)
        return np.stack([self.x(time), self.y(values)], axis=1)


def ticks(begin: float, end: float) -> list[float]:
    """Where the time axis is marked: round seconds, minutes or hours, at most 13 of them."""
    length = end - begin
    if length < 5:
        step = 10.0 ** np.floor(np.log10(length / 1.2)) if length > 0 else 1.0
        step = next((step * k for k in (0.2, 0.5, 1.0, 2.0) if length / (step * k) <= 12), length)
    else:
        step = next((float(s) for s in STEPS_S if length / s <= 12), float(STEPS_S[-1]))
    first, last = int(np.ceil(begin / step - 1e-9)), int(end / step + 1e-9)
    return [round(k * step, 9) for k in range(first, last + 1)][:200]


def photo_ticks(count: int) -> list[float]:
    """Which of ``count`` photos are marked, by number from 0: round numbers, at most 13 of them."""
    steps = (factor * 10**power for power in range(9) for factor in (1, 2, 5))
    step = next(step for step in steps if (count - 1) // step <= 12)
    return [float(number) for number in range(0, count, step)]


def clock(seconds: float, end: float) -> str:
    """Seconds as a label of the axis: ``12 s``, ``1:05`` or ``1:02:05`` by the whole length."""
    if end < 90:
        return f"{seconds:g} s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes = f"{rest // 60}:{rest % 60:02d}"
    return minutes if end < 3600 else f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


def draw_ground(
    canvas: Canvas, panel: Panel, timeline: Timeline, own: list[Episode], last: bool
) -> None:
    """Shades and grid: grey where the person is not in the picture, red where frames could not be
    decoded."""
    edges = [panel.begin_s]
    for episode in own:
        edges += [episode.start_s, episode.stop_s]
    edges.append(panel.end_s)
    for begin, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - begin > panel.length_s / MAX_POINTS:
            _band(canvas, panel, begin, stop - begin, EMPTY)
    wrong = timeline.status == FrameStatus.DECODE_ERROR
    for begin, seconds in _ranges(timeline, wrong, panel.end_s):
        _band(canvas, panel, begin, seconds, palette.ERROR_SHADE, 0.3)
    for value, word in ((0.0, "0"), (0.5, "50"), (1.0, "100 %")):
        y = panel.y(value)
        canvas.rectangle(LEFT, y - 0.5, RIGHT - LEFT, 1, GRID)
        canvas.text(word, LEFT - 6, y, SMALL, SOFT, align="right")
    marks = photo_ticks(len(timeline)) if panel.numbers else ticks(panel.begin_s, panel.end_s)
    for seconds in marks:
        x = panel.x(seconds + (0.5 if panel.numbers else 0.0))
        canvas.rectangle(x - 0.5, panel.top, 1, panel.height, GRID)
        if last:
            below = panel.top + panel.height + 12
            label = f"{seconds:g}" if panel.numbers else clock(seconds, panel.end_s)
            canvas.text(label, x, below, SMALL, SOFT, align="centre")


def _band(
    canvas: Canvas, panel: Panel, begin: float, seconds: float, colour: str, alpha: float = 1.0
) -> None:
    x = panel.x(begin)
    canvas.rectangle(x, panel.top, panel.x(begin + seconds) - x, panel.height, colour, alpha)


def draw_person(
    canvas: Canvas,
    panel: Panel,
    timeline: Timeline,
    rows: IntArray,
    person: Person,
    own: list[Episode],
) -> None:
    """Curves of one person, whose ``rows`` of the table these are, and the strip of ``own``."""
    tints = palette.colours(timeline.outcomes)
    time, values = reduce_curve(timeline, rows, panel.end_s)
    holes = np.flatnonzero(np.isnan(time))
    runs = [run[~np.isnan(time[run])] for run in np.split(np.arange(len(time)), holes)]
    for i, label in enumerate(timeline.labels):
        for run in runs:
            points = panel.curve(time[run], values[run, i])
            canvas.area(points, panel.y(0), tints[label], 0.13)
    for i, label in enumerate(timeline.labels):
        for run in runs:
            canvas.curve(panel.curve(time[run], values[run, i]), tints[label], 2.25)
    strip, thick = panel.y(-0.065), 0.085 / 1.22 * panel.height
    for episode in own:
        x, stop = panel.x(episode.start_s), panel.x(episode.start_s + episode.seconds)
        canvas.rectangle(x, round(strip), stop - x, round(thick), tints[episode.emotion])
    shares = ", ".join(
        f"{label} {share:.0%}"
        for label, share in sorted(person.share.items(), key=lambda item: -item[1])
        if share >= 0.005
    )
    name = fitted(timeline.called(person.face_id), (RIGHT - LEFT) * 0.4, NAME, bold=True)
    x = canvas.text(name, LEFT, panel.top - 14, NAME, INK, bold=True) + 12
    canvas.text(fitted(shares, RIGHT - x, TEXT), x, panel.top - 14, TEXT, SOFT)


def _ranges(timeline: Timeline, mask: NDArray[np.bool_], end: float) -> list[tuple[float, float]]:
    """Start and length in seconds of each run of frames in ``mask``, wide enough to be seen."""
    flips = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    times = np.append(timeline.time_s, end)
    return [
        (float(times[a]), max(float(times[b] - times[a]), end / 600))
        for a, b in zip(flips[::2], flips[1::2], strict=True)
    ]


def reduce_curve(
    timeline: Timeline, rows: NDArray[np.int64], end: float, points: int = MAX_POINTS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One person's curve with at most about ``points`` points, NaN where it is interrupted.

    Long videos are averaged over equal stretches of time.

    Returns:
        ``time float64[m]`` in seconds and ``values float64[m, labels]``.
    """
    time = timeline.time_s[timeline.frame[rows]]
    values = timeline.smoothed[rows].astype(np.float64)
    number = np.cumsum(timeline.status != FrameStatus.SKIPPED)[timeline.frame[rows]]
    if len(rows) > points:
        stretch = np.floor(time / end * points).astype(np.int64)
        _, first, index, count = np.unique(
            stretch, return_index=True, return_inverse=True, return_counts=True
        )
        sums = np.zeros((len(first), values.shape[1]))
        np.add.at(sums, index, values)
        middle = np.bincount(index, time) / count
        broken = np.diff(stretch[first]) > 1
        time, values = middle, sums / count[:, None]
    else:
        broken = np.diff(number) > 1
    holes = np.flatnonzero(broken) + 1
    return np.insert(time, holes, np.nan), np.insert(values, holes, np.nan, axis=0)
