"""``labels.csv`` of a folder of photos: files, what they show, and further columns to group by."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from fer_batch.errors import TrainingDataError
from fer_batch.separator import separator_of
from fer_batch.suffixes import IMAGE_SUFFIXES
from fer_batch.training.data.read import ALIASES

NAME = "labels.csv"
NEEDED = ("file", "label")


@dataclass(frozen=True, slots=True)
class Material:
    """Labelled photos in the order of the table: ``files``, what people say that each shows, and
    the further ``columns`` by name, all of one length."""

    folder: Path
    files: tuple[Path, ...]
    labels: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.files)


def is_material(path: Path) -> bool:
    """Whether ``path`` is a folder with a ``labels.csv``."""
    return (path / NAME).is_file()


def read_material(folder: Path) -> Material:
    """The photos that ``labels.csv`` in ``folder`` names: columns ``file``, ``label``, any others.

    Files are paths from the folder, or names that occur once anywhere below it.

    Raises:
        TrainingDataError: no such table, columns missing, a file that is not there or named twice.
    """
    path = folder / NAME
    rows = _rows(path)
    below = _photos_below(folder)
    files: list[Path] = []
    seen: dict[Path, int] = {}
    for number, row in rows:
        file = _find(folder, row["file"], below, f"{path}, line {number}")
        if file in seen:
            raise TrainingDataError(
                f"{path}, line {number}: {row['file']} stands in line {seen[file]} already"
            )
        if not row["label"]:
            raise TrainingDataError(f"{path}, line {number}: {row['file']} has no label")
        seen[file] = number
        files.append(file)
    known = [ALIASES.get(row["label"].lower(), row["label"].lower()) for _, row in rows]
    others = {
        name: tuple(row[name] for _, row in rows) for name in rows[0][1] if name not in NEEDED
    }
    return Material(folder, tuple(files), tuple(known), others)


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Rows by the names of their columns, each with its line in the file."""
    if not path.is_file():
        raise TrainingDataError(f"{path}: there is no such table of photos and labels")
    try:
        # Spreadsheets put a byte order mark before the first column's name.
        with path.open(encoding="utf-8-sig", newline="") as file:
            separator = separator_of(file.readline(), NEEDED)
            file.seek(0)
            table = csv.reader(file, delimiter=separator)
            columns = _columns(path, next(table, []))
            rows = [(table.line_num, cells) for cells in table if cells]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingDataError(
            f"{path}: cannot be read as csv in UTF-8 ({error}); save it as CSV in UTF-8"
        ) from error
    if not rows:
        raise TrainingDataError(f"{path}: holds no rows")
    for number, cells in rows:
        if len(cells) != len(columns):
            raise TrainingDataError(f"{path}, line {number}: does not have {len(columns)} values")
    return [
        (number, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)})
        for number, cells in rows
    ]


def _columns(path: Path, cells: Sequence[str]) -> list[str]:
    """Names of the columns; those that are needed in lower case."""
    names = [cell.strip() for cell in cells]
    columns = [name.lower() if name.lower() in NEEDED else name for name in names]
    if missing := [name for name in NEEDED if name not in columns]:
        there = ", ".join(map(repr, names)) or "nothing"
        raise TrainingDataError(
            f"{path}: column {', '.join(missing)} is missing; the first line names {there}"
        )
    if twice := [name for name, often in Counter(columns).items() if often > 1]:
        raise TrainingDataError(f"{path}: there are two columns {twice[0]!r}; name one otherwise")
    return columns


def _photos_below(folder: Path) -> dict[str, list[Path]]:
    """Photos by their names, and by their ways from ``folder``, see ``_plain``."""
    below: dict[str, list[Path]] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in IMAGE_SUFFIXES:
            way = file.relative_to(folder).as_posix()
            for name in {file.name, way}:
                below.setdefault(_plain(name), []).append(file)
    return below


def _plain(name: str) -> str:
    """As tables of other machines may write it: an ``ë`` is one character or two (Macs), folders
    are parted by backslashes (Windows)."""
    return normalize("NFC", name).replace("\\", "/")


def _find(folder: Path, name: str, below: Mapping[str, list[Path]], where: str) -> Path:
    direct = folder / name
    if name and direct.is_file():
        return direct
    found = below.get(_plain(name), [])
    if not found:
        raise TrainingDataError(f"{where}: there is no photo {name!r} in {folder}")
    if len(found) > 1:
        raise TrainingDataError(
            f"{where}: {name} is in {found[0].parent} and {found[1].parent}; "
            f"give a path from {folder}"
        )
    return found[0]
