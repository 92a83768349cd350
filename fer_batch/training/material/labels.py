"""``labels.csv`` of a folder of photos: files, what they show, and further columns to group by."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fer_batch.errors import TrainingDataError
from fer_batch.suffixes import IMAGE_SUFFIXES
from fer_batch.training.data.read import ALIASES

NAME = "labels.csv"


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
    for number, row in enumerate(rows, start=2):
        file = _find(folder, row["file"], below, f"{path}, line {number}")
        if file in seen:
            raise TrainingDataError(
                f"{path}, line {number}: {row['file']} stands in line {seen[file]} already"
            )
        if not row["label"]:
            raise TrainingDataError(f"{path}, line {number}: {row['file']} has no label")
        seen[file] = number
        files.append(file)
    known = [ALIASES.get(row["label"].lower(), row["label"].lower()) for row in rows]
    others = {
        name: tuple(row[name] for row in rows) for name in rows[0] if name not in ("file", "label")
    }
    return Material(folder, tuple(files), tuple(known), others)


def _rows(path: Path) -> Sequence[dict[str, str]]:
    if not path.is_file():
        raise TrainingDataError(f"{path}: there is no such table of photos and labels")
    try:
        # Spreadsheets put a byte order mark before the first column's name.
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            columns = [name.strip() for name in table.fieldnames or ()]
            table.fieldnames = columns
            rows = list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingDataError(f"{path}: cannot be read as csv in UTF-8 ({error})") from error
    if missing := [name for name in ("file", "label") if name not in columns]:
        raise TrainingDataError(f"{path}: column {', '.join(missing)} is missing")
    if not rows:
        raise TrainingDataError(f"{path}: holds no rows")
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise TrainingDataError(f"{path}, line {number}: does not have {len(columns)} values")
    return [{name: value.strip() for name, value in row.items()} for row in rows]


def _photos_below(folder: Path) -> dict[str, list[Path]]:
    below: dict[str, list[Path]] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in IMAGE_SUFFIXES:
            below.setdefault(file.name, []).append(file)
    return below


def _find(folder: Path, name: str, below: Mapping[str, list[Path]], where: str) -> Path:
    direct = folder / name
    if name and direct.is_file():
        return direct
    found = below.get(name, [])
    if not found:
        raise TrainingDataError(f"{where}: there is no photo {name!r} in {folder}")
    if len(found) > 1:
        raise TrainingDataError(
            f"{where}: {name} is in {found[0].parent} and {found[1].parent}; "
            f"give a path from {folder}"
        )
    return found[0]
