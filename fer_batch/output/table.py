"""``timeline.csv``: written from a Timeline. Results of earlier versions, which kept nothing else,
are read back from it.

Numbers have fixed decimals, so a file is a function of its timeline byte by byte, and writing what
was read gives the same bytes. Probabilities are rounded to millionths by the method of largest
remainders: a row's written values sum to exactly 1 and its strongest label stays the strongest.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_batch.atomic import atomic_path
from fer_batch.config import ANGLES, CLOCK, RenderSettings
from fer_batch.errors import InputError, NotFoundError, UnreadableError
from fer_batch.printable import cell
from fer_batch.types import UNUSABLE, FrameStatus, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fer_batch.output.clock import Clock
    from fer_batch.output.write import Facts
    from fer_batch.types import FloatArray, IntArray

LEADING = ("frame", "time_s", "status", "face_id", "x", "y", "w", "h", "confidence", "emotion")
DECIMALS = {
    "time_s": 6,
    **dict.fromkeys("xywh", 2),
    "confidence": 4,
    "quality": 3,
    **dict.fromkeys(ANGLES, 1),
}
MILLION = 1_000_000
# Rows that are text at one time: as text a row takes forty times the memory.
BLOCK = 2048
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


def fixed(values: NDArray[np.float64], decimals: int) -> list[str]:
    """Each number with ``decimals`` decimals, never "-0.00"; NaN is empty."""
    rounded = np.round(values, decimals) + 0.0
    text = list(map(f"{{:.{decimals}f}}".format, rounded.tolist()))
    for i in np.flatnonzero(np.isnan(values)).tolist():
        text[i] = ""
    return text


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


def to_millionths(probabilities: NDArray[np.float64]) -> IntArray:
    """Rows that sum to 1 as whole millionths ``int64[n, labels]`` that sum to 1,000,000.

    The first strongest label of a row stays its first strongest label, also where rounding would
    make a tie. Values that already are millionths come out unchanged.
    """
    if probabilities.size == 0:
        return np.zeros(probabilities.shape, dtype=np.int64)
    total = probabilities.sum(axis=1, keepdims=True)
    exact = np.maximum(probabilities, 0) / np.where(total > 0, total, 1) * MILLION
    whole = np.rint(exact).astype(np.int64)
    missing = MILLION - whole.sum(axis=1)
    # One too many or too few is what rounding makes of most rows.
    ones = np.flatnonzero(np.abs(missing) == 1)
    step = missing[ones]
    whole[ones, ((whole[ones] - exact[ones]) * step[:, None]).argmin(axis=1)] += step
    for row in np.flatnonzero(np.abs(missing) > 1).tolist():
        step = 1 if missing[row] > 0 else -1
        order = np.argsort((whole[row] - exact[row]) * step, kind="stable")
        whole[row, np.resize(order, abs(int(missing[row])))] += step
    best = probabilities.argmax(axis=1)
    for row in np.flatnonzero(whole.argmax(axis=1) != best).tolist():
        whole[row, whole[row].argmax()] -= 1
        whole[row, best[row]] += 1
    return whole


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


def as_shown(timeline: Timeline) -> Timeline:
    """``timeline`` with numbers of as many decimals as the table has, so that what is drawn, summed
    up and kept is what the table says. Writing it gives the same bytes as before."""

    def rounded(values: NDArray[Any], name: str) -> NDArray[np.float64]:
        found = np.round(values.astype(np.float64), DECIMALS[name]) + 0.0
        return found.astype(np.float64)

    def shares(values: FloatArray) -> FloatArray:
        return (to_millionths(values.astype(np.float64)) / MILLION).astype(np.float32)

    return replace(
        timeline,
        time_s=rounded(timeline.time_s, "time_s"),
        box=rounded(timeline.box, "x").astype(np.float32),
        confidence=rounded(timeline.confidence, "confidence").astype(np.float32),
        smoothed=shares(timeline.smoothed),
        raw=shares(timeline.raw),
        quality=rounded(timeline.quality, "quality").astype(np.float32),
    )


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
