"""``timeline.csv``: written from a Timeline.

Numbers have fixed decimals (``rounding``), so a file is a function of its timeline byte by byte.
"""

from __future__ import annotations

import csv
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from fer_batch.atomic import atomic_path
from fer_batch.config import ANGLES, CLOCK, RenderSettings
from fer_batch.output.rounding import DECIMALS, MILLION, fixed, to_millionths
from fer_batch.printable import cell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fer_batch.output.clock import Clock
    from fer_batch.output.write import Facts
    from fer_batch.types import Timeline

LEADING = ("frame", "time_s", "status", "face_id", "x", "y", "w", "h", "confidence", "emotion")
# Rows that are text at one time: as text a row takes forty times the memory.
BLOCK = 2048


def header(labels: Sequence[str], last: Sequence[str] = ("quality",)) -> list[str]:
    """The column names of ``timeline.csv`` for a model's labels in card order; ``last`` are those
    behind the probabilities."""
    return [*LEADING, *labels, *(f"{label}_raw" for label in labels), *last]


def write_csv(timeline: Timeline, path: Path, facts: Facts | None = None) -> None:
    """Write ``timeline.csv``; what a row has no value for is empty.

    Raises:
        NoSpaceError: the disk is full.
        OutputPathError: the folder cannot be written to.
    """
    settings = facts.render if facts is not None else RenderSettings()
    columns = _with_asked(timeline, settings)
    clock = facts.clock if facts is not None else None
    rows = len(columns["frame"])
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for start in range(0, rows, BLOCK):
            block = {name: values[start : start + BLOCK] for name, values in columns.items()}
            texts = _texts(block, timeline)
            if settings.clock:
                texts[CLOCK] = _clock_texts(block["time_s"], clock)
            writer.writerows(zip(*(texts[name] for name in columns), strict=True))


def _with_asked(timeline: Timeline, settings: RenderSettings) -> dict[str, NDArray[np.generic]]:
    """The columns of the table with those that were asked for (``ANGLES``, ``CLOCK``)."""
    columns = timeline.table()
    asked: dict[str, NDArray[np.generic]] = {}
    if settings.columns:
        from fer_batch.pose import pose

        found = np.full((len(columns["frame"]), len(ANGLES)), np.nan, np.float32)
        found[columns["face_id"].astype(np.int64) >= 0] = pose(timeline.landmarks)
        asked = {name: found[:, i] for i, name in enumerate(ANGLES) if name in settings.columns}
    if settings.clock:
        asked[CLOCK] = columns["time_s"]  # its words are made where they are written
    files = {"file": columns.pop("file")} if "file" in columns else {}
    return columns | asked | files


def _clock_texts(time_s: NDArray[np.generic], clock: Clock | None) -> list[str]:
    if clock is None:
        return [""] * len(time_s)
    return clock.texts(time_s.astype(np.float64))


def _texts(columns: dict[str, NDArray[np.generic]], timeline: Timeline) -> dict[str, list[str]]:
    """The cells of some rows, by column."""
    texts: dict[str, list[str]] = {}
    for name, values in columns.items():
        if name in DECIMALS:
            texts[name] = fixed(values.astype(np.float64), DECIMALS[name])
        elif name in ("face_id", "person"):
            texts[name] = [str(v) if v >= 0 else "" for v in values.tolist()]
        elif name == "name":
            texts[name] = list(map(cell, values.tolist()))
        elif name == "emotion":
            shown = {label: cell(label) for label in ("", *timeline.outcomes)}
            texts[name] = [shown[v] for v in values.tolist()]
        elif name in LEADING:
            texts[name] = [str(v) for v in values.tolist()]
        elif name == "file":
            texts[name] = [cell(timeline.files[i]) for i in columns["frame"].tolist()]
    has_face = columns["face_id"].astype(np.int64) >= 0
    for suffix in ("", "_raw"):
        names = [label + suffix for label in timeline.labels]
        texts |= _probabilities(columns, names, has_face)
    return texts


def _probabilities(
    columns: dict[str, NDArray[np.generic]], names: list[str], has_face: NDArray[np.bool_]
) -> dict[str, list[str]]:
    values = np.stack([columns[name] for name in names], axis=1).astype(np.float64)
    millionths = to_millionths(values[has_face])
    rows = np.flatnonzero(has_face).tolist()
    texts = {}
    for i, name in enumerate(names):
        column = list(repeat("", len(has_face)))
        for row, value in zip(rows, millionths[:, i].tolist(), strict=True):
            column[row] = f"0.{value:06d}" if value < MILLION else "1.000000"
        texts[name] = column
    return texts
