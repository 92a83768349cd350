"""``timeline.png``: smoothed probabilities over time, a panel for each person."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fer_batch.atomic import atomic_path
from fer_batch.groups import by_track
from fer_batch.output import palette
from fer_batch.output.draw.canvas import Canvas
from fer_batch.output.draw.text import (
    fitted,
    path_that_can_be_set,
    text_width,
    that_can_be_set,
)
from fer_batch.output.people import by_weight, episodes, people
from fer_batch.output.plot_panel import (
    EMPTY,
    INK,
    LEFT,
    RIGHT,
    SOFT,
    TEXT,
    Panel,
    draw_ground,
    draw_person,
)
from fer_batch.types import FrameStatus

if TYPE_CHECKING:
    from pathlib import Path

    from fer_batch.output.write import Facts
    from fer_batch.types import Timeline

MAX_PEOPLE = 12

# Pixels.
WIDTH = 1210
TOP, BETWEEN = 104, 46
PANEL, LOW_PANEL = 143, 97  # up to four people, and more
TITLE = 20


def write_plot(timeline: Timeline, path: Path, facts: Facts | None = None) -> None:
    """Draw ``timeline.png``; at most ``MAX_PEOPLE`` people, those present longest.

    Raises:
        NoSpaceError: the disk is full.
        OutputPathError: the folder cannot be written to.
    """
    nobody = "no readable face" if timeline.unusable.any() else "no face found"
    timeline = replace(timeline.readable(), names=that_can_be_set(timeline.names))
    if of_photos := facts is not None and facts.photos:
        timeline = replace(timeline, time_s=np.arange(len(timeline), dtype=np.float64))
    every = episodes(timeline)
    persons = by_weight(timeline, people(timeline, every))
    shown = sorted(persons[:MAX_PEOPLE], key=lambda p: (p.face_id != timeline.main, p.face_id))
    count = max(len(shown), 1)
    height = PANEL if count <= 4 else LOW_PANEL
    canvas = Canvas(WIDTH, TOP + count * (height + BETWEEN))
    begin = float(timeline.time_s[0]) if len(timeline) else 0.0  # of a part not 0
    end = timeline.end_s or 1.0
    rows = dict(by_track(timeline.face_id))
    for i in range(count):
        panel = Panel(TOP + i * (height + BETWEEN), height, begin, end, of_photos)
        own = [s for s in every if shown and s.face_id == shown[i].face_id]
        draw_ground(canvas, panel, timeline, own, last=i == count - 1)
        if shown:
            mine = rows[shown[i].face_id]
            draw_person(canvas, panel, timeline, mine, shown[i], own)
        else:
            middle = (LEFT + RIGHT) / 2
            canvas.text(nobody, middle, panel.y(0.5), 17, SOFT, align="centre")
    _heading(canvas, timeline, len(persons) - len(shown), of_photos)
    with atomic_path(path) as temporary:
        temporary.write_bytes(canvas.png())


def _heading(canvas: Canvas, timeline: Timeline, left_out: int, of_photos: bool) -> None:
    tints = palette.colours(timeline.outcomes)
    smoothed = "" if np.array_equal(timeline.raw, timeline.smoothed) else ", smoothed"
    note = f"Probability of each expression{smoothed}; strip below: the strongest"
    if of_photos:
        note += " · from left to right: number of the photo (frame)"
    if left_out:
        less = "in fewer photos" if of_photos else "present for less time"
        note += f" · {left_out} more not shown ({less})"
    canvas.text(note, LEFT, 60, TEXT, SOFT)
    keys = [(label, tints[label], 1.0) for label in timeline.outcomes]
    keys.append(("not seen", EMPTY, 1.0))
    if (timeline.status == FrameStatus.DECODE_ERROR).any():
        keys.append(("decode error", palette.ERROR_SHADE, 0.3))
    lines = 1 if len(keys) < 6 else 2
    columns = [keys[i : i + lines] for i in range(0, len(keys), lines)]
    x = float(RIGHT)
    for column in reversed(columns):
        x -= max(text_width(label, TEXT) for label, _, _ in column) + 20
        for row, (label, colour, alpha) in enumerate(column):
            y = 32 + row * 20 - (lines - 1) * 10
            if colour == EMPTY:
                canvas.rectangle(x - 0.5, y - 7, 14, 14, palette.MUTED)
            canvas.rectangle(x, y - 6.5, 13, 13, colour, alpha)
            canvas.text(label, x + 19, y, TEXT, INK)
        x -= 17
    name = fitted(path_that_can_be_set(timeline.name), x - LEFT, TITLE, bold=True)
    canvas.text(name, LEFT, 31, TITLE, INK, bold=True)
