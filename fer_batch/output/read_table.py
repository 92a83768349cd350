"""``timeline.csv`` read back, of results of earlier versions, which kept nothing else.

Writing what was read gives the same bytes.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_batch.config import ANGLES, CLOCK
from fer_batch.errors import InputError, NotFoundError, UnreadableError
from fer_batch.output.table import BLOCK, LEADING, header
from fer_batch.types import UNUSABLE, FrameStatus, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fer_batch.types import FloatArray, IntArray

STATUSES = {status.text: int(status) for status in FrameStatus} | {UNUSABLE: int(FrameStatus.OK)}
NOT_READ = (
    "person",
    "name",
    "emotion",
    "quality",
    *ANGLES,
    CLOCK,
    "file",
)  # words, what may be empty, what is derived
WHOLE = re.compile(r"\d{1,15}")


def read_csv(path: Path, name: str) -> Timeline:
    """Read a file written by ``write_csv``; ``name`` is given to the Timeline.

    Raises:
        NotFoundError: there is no such file.
        UnreadableError: it cannot be read.
        InputError: it is not a timeline, or damaged; the line is named.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            names = next(reader, [])
            labels = _labels(path, names)
            blocks = list(_blocks(path, reader, names))
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such file; analyse the video first") from error
    except OSError as error:
        raise UnreadableError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise _damaged(path, None, str(error)) from error
    return _timeline(path, name, labels, names, blocks)


def _damaged(path: Path, line: int | None, reason: str) -> InputError:
    where = "" if line is None else f" line {line}:"
    return InputError(f"{path}:{where} {reason}; not a timeline as written, analyse again")


def _labels(path: Path, names: list[str]) -> tuple[str, ...]:
    for known in ("person", "name"):  # across inputs, and by name, where that was said
        if names[4:5] == [known]:
            names = names[:4] + names[5:]
    # Earlier versions had no quality.
    last = [name for name in ("quality", *ANGLES, CLOCK, "file") if name in names[-6:]]
    count = (len(names) - len(LEADING) - len(last)) // 2
    labels = tuple(names[len(LEADING) : len(LEADING) + max(count, 0)])
    if not labels or names != header(labels, last) or len(set(names)) != len(names):
        raise _damaged(path, 1, "the header is not that of a timeline")
    return labels


@dataclass(frozen=True, slots=True)
class _Block:
    """Some rows as numbers: face_id is -1 and other numbers are NaN where there is no face.
    ``unusable bool[n]``: faces that cannot be read."""

    frame: IntArray
    status: IntArray
    time_s: NDArray[np.float64]
    face_id: IntArray
    numbers: FloatArray
    unusable: NDArray[np.bool_]
    quality: FloatArray
    files: list[str]


def _blocks(path: Path, reader: Iterator[list[str]], names: list[str]) -> Iterator[_Block]:
    """Rows as numbers, a block at a time; ``numbers float32[n, m]`` are x to h and all that
    follows, without the names."""
    numeric = [name for name in names[4:] if name not in NOT_READ]
    line = 2
    while rows := list(islice(reader, BLOCK)):
        for number, row in enumerate(rows, start=line):
            if len(row) != len(names):
                words = f"{len(row)} cells where the header has {len(names)}"
                raise _damaged(path, number, words)
        cells = dict(zip(names, zip(*rows, strict=True), strict=True))
        faces = np.flatnonzero([cell != "" for cell in cells["face_id"]])
        face_id = np.full(len(rows), -1, np.int64)
        face_id[faces] = _whole(path, [cells["face_id"][i] for i in faces], "face_id", faces + line)
        numbers = np.full((len(rows), len(numeric)), np.nan, np.float32)
        for place, name in enumerate(numeric):
            picked = [cells[name][i] for i in faces.tolist()]
            numbers[faces, place] = _numbers(path, picked, name, faces + line)
        everywhere = np.arange(len(rows)) + line
        unusable = np.array([status == UNUSABLE for status in cells["status"]])
        if len(bare := np.flatnonzero(unusable & (face_id < 0))):
            raise _damaged(path, int(bare[0]) + line, f"{UNUSABLE}, but no face")
        yield _Block(
            frame=_whole(path, cells["frame"], "frame", everywhere),
            status=_statuses(path, cells["status"], line),
            time_s=_numbers(path, cells["time_s"], "time_s", everywhere)
            if any(cells["time_s"])  # photos have no time
            else np.full(len(rows), np.nan),
            face_id=face_id,
            numbers=numbers,
            unusable=unusable,
            quality=_qualities(path, cells.get("quality", [""] * len(rows)), line),
            files=list(cells.get("file", ())),
        )
        line += len(rows)


def _timeline(
    path: Path, name: str, labels: tuple[str, ...], names: list[str], blocks: list[_Block]
) -> Timeline:
    def joined(column: str, empty: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([empty, *(getattr(block, column) for block in blocks)])

    none = np.zeros(0, np.int64)
    frame, ids = joined("frame", none), joined("face_id", none)
    first, faces = _first_rows(path, frame), np.flatnonzero(ids >= 0)
    _check_order(path, frame[faces], ids[faces], faces)
    if len(bare := np.setdiff1d(np.flatnonzero(ids < 0), first)):
        raise _damaged(path, int(bare[0]) + 2, "a second row for a frame, without a face")
    count = len(labels)
    numbers = joined("numbers", np.zeros((0, 5 + 2 * count), np.float32))[faces]
    files = list(chain.from_iterable(block.files for block in blocks))
    timeline = Timeline(
        name=name,
        labels=labels,
        status=joined("status", none)[first],
        time_s=joined("time_s", np.zeros(0))[first],
        frame=frame[faces],
        face_id=ids[faces],
        box=numbers[:, :4].copy(),
        confidence=numbers[:, 4].copy(),
        smoothed=numbers[:, 5 : 5 + count].copy(),
        raw=numbers[:, 5 + count :].copy(),
        quality=joined("quality", np.zeros(0, np.float32))[faces],
        unusable=joined("unusable", np.zeros(0, bool))[faces],
        files=tuple(files[i] for i in first) if "file" in names else (),
    )
    _check_sums(path, timeline, faces)
    return timeline


def _statuses(path: Path, cells: Sequence[str], line: int) -> IntArray:
    for number, word in enumerate(cells, start=line):
        if word not in STATUSES:
            raise _damaged(path, number, f"unknown status {word[:20]!r}")
    return np.array([STATUSES[cell] for cell in cells], dtype=np.int64)


def _qualities(path: Path, cells: Sequence[str], line: int) -> FloatArray:
    """Empty cells, of what was not measured, are NaN."""
    known = [i for i, cell in enumerate(cells) if cell]
    lines = np.array(known, np.int64) + line
    found = np.full(len(cells), np.nan, np.float32)
    found[known] = _numbers(path, [cells[i] for i in known], "quality", lines)
    return found


def _whole(path: Path, cells: Sequence[str], key: str, lines: IntArray) -> IntArray:
    if not all(map(WHOLE.fullmatch, cells)):
        for cell, line in zip(cells, lines.tolist(), strict=True):
            if not WHOLE.fullmatch(cell):
                raise _damaged(path, line, f"{key} is {cell[:20]!r}")
    return np.fromiter(map(int, cells), np.int64, len(cells))


def _numbers(path: Path, cells: Sequence[str], key: str, lines: IntArray) -> NDArray[np.float64]:
    try:
        values = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        values = np.array([_number(cell) for cell in cells])
    if not np.isfinite(values).all():
        i = int(np.flatnonzero(~np.isfinite(values))[0])
        raise _damaged(path, int(lines[i]), f"{key} is {cells[i][:20]!r}")
    return values


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan


def _first_rows(path: Path, frame: IntArray) -> IntArray:
    """The first row of each frame; frames must count up from 0 without a hole."""
    step = np.diff(frame, prepend=-1)
    wrong = np.flatnonzero((step < 0) | (step > 1))
    if len(wrong):
        raise _damaged(path, int(wrong[0]) + 2, f"frame {frame[wrong[0]]} is out of order")
    return np.flatnonzero(step == 1)


def _check_order(path: Path, frame: IntArray, face_id: IntArray, rows: IntArray) -> None:
    wrong = np.flatnonzero((np.diff(frame) == 0) & (np.diff(face_id) <= 0))
    if len(wrong):
        raise _damaged(path, int(rows[wrong[0] + 1]) + 2, "faces of a frame are out of order")


def _check_sums(path: Path, timeline: Timeline, rows: IntArray) -> None:
    for values in (timeline.smoothed, timeline.raw):
        sums = values.sum(axis=1, dtype=np.float64)
        wrong = np.flatnonzero((np.abs(sums - 1) > 1e-4) | (values < 0).any(axis=1))
        if len(wrong):
            line = int(rows[wrong[0]]) + 2
            raise _damaged(path, line, "probabilities do not sum to 1")
