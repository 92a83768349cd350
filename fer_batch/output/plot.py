"""``timeline.png``: smoothed probabilities over time, a panel for each person.

Drawn with matplotlib's object interface, which unlike pyplot keeps no global state, so that
several threads may draw at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fer_batch.atomic import atomic_path
from fer_batch.output import palette
from fer_batch.output.people import Person, Spell, people, spells
from fer_batch.types import FrameStatus

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from fer_batch.types import Timeline

MAX_PEOPLE = 12
MAX_POINTS = 800
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
INK = "#22272E"
SOFT = "#6B7480"
GRID = "#E6E9ED"
EMPTY = "#F3F4F6"


def write_plot(timeline: Timeline, path: Path) -> None:
    """Draw ``timeline.png``; at most ``MAX_PEOPLE`` people, those present longest.

    Raises:
        NoSpaceError: the disk is full.
        OutputPathError: the folder cannot be written to.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    every = spells(timeline)
    persons = sorted(people(timeline, every), key=lambda p: (-p.seconds, p.face_id))
    shown = sorted(persons[:MAX_PEOPLE], key=lambda p: p.face_id)
    panels = max(len(shown), 1)
    panel, top = 1.72 if panels <= 4 else 1.3, 0.95
    height = top + panel * panels
    figure = Figure(figsize=(11, height), dpi=110, facecolor="white")
    FigureCanvasAgg(figure)
    end = _end(timeline)
    for i in range(panels):
        # Placed by hand: matplotlib's layout engines cost more than the whole drawing.
        y = (height - top - (i + 1) * panel + 0.42) / height
        axes = figure.add_axes((0.065, y, 0.915, (panel - 0.42) / height))
        last = i == panels - 1
        _style(axes, end, last)
        if shown:
            own = [spell for spell in every if spell.face_id == shown[i].face_id]
            _person(axes, timeline, shown[i], own, end)
        else:
            _nobody(axes, timeline, end)
    _heading(figure, timeline, height, len(persons) - len(shown))
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", pil_kwargs={"compress_level": 4})


def _end(timeline: Timeline) -> float:
    if len(timeline) == 0:
        return 1.0
    step = float(np.median(np.diff(timeline.time_s))) if len(timeline) > 1 else 0.04
    return float(timeline.time_s[-1]) + max(step, 1e-3)


def _style(axes: Axes, end: float, last: bool) -> None:
    axes.set_xlim(0, end)
    axes.set_ylim(-0.19, 1.03)
    axes.set_yticks([0, 0.5, 1], ["0", "50", "100 %"])
    marks = ticks(end)
    axes.set_xticks(marks, [clock(x, end) for x in marks])
    axes.tick_params(length=0, labelsize=8, labelcolor=SOFT, pad=4, labelbottom=last)
    axes.set_axisbelow(True)
    axes.grid(True, color=GRID, linewidth=0.8)
    for spine in axes.spines.values():
        spine.set_visible(False)


def ticks(end: float) -> list[float]:
    """Where the time axis is marked: round seconds, minutes or hours, at most 13 of them."""
    if end < 5:
        step = 10.0 ** np.floor(np.log10(end / 1.2)) if end > 0 else 1.0
        step = next((step * k for k in (0.2, 0.5, 1.0, 2.0) if end / (step * k) <= 12), end)
    else:
        step = next((float(s) for s in STEPS_S if end / s <= 12), float(STEPS_S[-1]))
    return [round(k * step, 9) for k in range(int(end / step + 1e-9) + 1)][:200]


def clock(seconds: float, end: float) -> str:
    """Seconds as a label of the axis: ``12 s``, ``1:05`` or ``1:02:05`` by the whole length."""
    if end < 90:
        return f"{seconds:g} s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes = f"{rest // 60}:{rest % 60:02d}"
    return minutes if end < 3600 else f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


def _person(axes: Axes, timeline: Timeline, person: Person, own: list[Spell], end: float) -> None:
    tints = palette.colours(timeline.labels)
    rows = np.flatnonzero(timeline.face_id == person.face_id)
    time, values = reduce_curve(timeline, rows, end)
    _shade(axes, timeline, own, end)
    for i, label in enumerate(timeline.labels):
        axes.fill_between(time, 0, values[:, i], color=tints[label], alpha=0.13, linewidth=0)
    for i, label in enumerate(timeline.labels):
        axes.plot(time, values[:, i], color=tints[label], linewidth=1.5, solid_joinstyle="round")
    for label in timeline.labels:
        bars = [(s.start_s, s.seconds) for s in own if s.emotion == label]
        axes.broken_barh(bars, (-0.15, 0.085), facecolor=tints[label], linewidth=0)
    shares = ", ".join(
        f"{label} {share:.0%}"
        for label, share in sorted(person.share.items(), key=lambda item: -item[1])
        if share >= 0.005
    )
    _title(axes, palette.person_name(person.face_id).capitalize(), shares)


def _title(axes: Axes, name: str, text: str) -> None:
    title = axes.annotate(
        name, (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points",
        fontsize=9.5, fontweight="bold", color=INK, va="bottom",
    )  # fmt: skip
    axes.annotate(
        text, (1, 0), (8, 0), xycoords=title, textcoords="offset points",
        fontsize=8.5, color=SOFT, va="bottom",
    )  # fmt: skip


def _shade(axes: Axes, timeline: Timeline, own: list[Spell], end: float) -> None:
    """Grey where this person is not in the picture, red where frames could not be decoded."""
    edges = [0.0]
    for spell in own:
        edges += [spell.start_s, spell.stop_s]
    edges.append(end)
    gaps = [
        (a, b - a) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > end / MAX_POINTS
    ]
    axes.broken_barh(gaps, (-0.19, 1.22), facecolor=EMPTY, linewidth=0, zorder=0.5)
    wrong = _ranges(timeline, timeline.status == FrameStatus.DECODE_ERROR, end)
    axes.broken_barh(
        wrong, (-0.19, 1.22), facecolor=palette.ERROR_SHADE, alpha=0.3, linewidth=0, zorder=0.6
    )


def _ranges(timeline: Timeline, mask: NDArray[np.bool_], end: float) -> list[tuple[float, float]]:
    """Start and length in seconds of each run of frames in ``mask``, wide enough to be seen."""
    flips = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    times = np.append(timeline.time_s, end)
    return [
        (float(times[a]), max(float(times[b] - times[a]), end / 600))
        for a, b in zip(flips[::2], flips[1::2], strict=True)
    ]


def _nobody(axes: Axes, timeline: Timeline, end: float) -> None:
    _shade(axes, timeline, [], end)
    axes.text(
        0.5, 0.55, "no face found", transform=axes.transAxes, ha="center", va="center",
        fontsize=11, color=SOFT,
    )  # fmt: skip


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


def drawable(text: str) -> str:
    """``text`` with a mark in place of each character that the typeface has no shape for."""
    if text.isascii() and text.isprintable():
        return text
    from matplotlib.font_manager import FontProperties, findfont, get_font

    face = get_font(findfont(FontProperties(weight="bold")))
    return "".join(
        c if c.isprintable() and face.get_char_index(ord(c)) else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )


def _heading(figure: object, timeline: Timeline, height: float, left_out: int) -> None:
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    assert isinstance(figure, Figure)
    tints = palette.colours(timeline.labels)
    room = 60 if len(timeline.labels) < 4 else 44
    name = drawable(timeline.name)
    name = name if len(name) <= room else name[: room - 1] + "…"
    figure.text(
        0.065, 1 - 0.3 / height, name, fontsize=13, fontweight="bold", color=INK, va="center",
        parse_math=False,  # "$" is a sign like others in a file's name
    )  # fmt: skip
    note = "Probability of each expression, smoothed; strip below: the strongest"
    if left_out:
        note += f" · {left_out} more not shown (present for less time)"
    figure.text(0.065, 1 - 0.56 / height, note, fontsize=8.5, color=SOFT, va="center")
    handles = [Patch(facecolor=tints[label], label=label) for label in timeline.labels]
    handles.append(Patch(facecolor=EMPTY, edgecolor="#C9CED6", linewidth=0.6, label="not seen"))
    if (timeline.status == FrameStatus.DECODE_ERROR).any():
        handles.append(Patch(facecolor=palette.ERROR_SHADE, alpha=0.3, label="decode error"))
    figure.legend(
        handles=handles, loc="center right", bbox_to_anchor=(0.985, 1 - 0.3 / height),
        ncols=len(handles) if len(handles) < 6 else (len(handles) + 1) // 2, frameon=False,
        fontsize=8.5, labelcolor=INK, handlelength=1, handleheight=1, columnspacing=1.3,
        handletextpad=0.5,
    )  # fmt: skip
