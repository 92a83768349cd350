"""One table for a whole batch: the same file of every result, with its input in front."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from fer_batch.atomic import atomic_path
from fer_batch.outputs import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Sequence

OpenTable = Callable[[Path], AbstractContextManager[TextIO]]
COMBINED = {output.file: output.joined for output in REGISTRY if output.joined}


def open_here(path: Path) -> AbstractContextManager[TextIO]:
    """A table that lies on this machine."""
    return path.open(encoding="utf-8", errors="surrogateescape", newline="")


def write_combined(
    out: Path, results: Sequence[Path], open_table: OpenTable = open_here
) -> list[Path]:
    """Join each of ``COMBINED`` over the folders ``results`` into ``out``; what was written.

    The first column is ``input``, the folder's name. Columns that only some results have (labels
    of another model, ``file`` of image folders) are empty for the others. Rows stream through:
    memory does not grow with the batch. ``open_table``: how to read a table of ``results``.

    Raises:
        NoSpaceError, OutputPathError: the table cannot be written.
    """
    written = []
    for source, target in COMBINED.items():
        tables = [(folder.name, folder / source) for folder in results]
        tables = [(name, path) for name, path in tables if path.is_file()]
        if tables:
            _combine(out / target, tables, open_table)
            written.append(out / target)
        else:
            # A table of an earlier run would belong to other results.
            (out / target).unlink(missing_ok=True)
    return written


def _header(path: Path, open_table: OpenTable) -> list[str]:
    with open_table(path) as file:
        return next(csv.reader(file), [])


def _combine(target: Path, tables: Sequence[tuple[str, Path]], open_table: OpenTable) -> None:
    headers = [_header(path, open_table) for _, path in tables]
    columns = list(dict.fromkeys(column for header in headers for column in header))
    with (
        atomic_path(target) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["input", *columns])
        for (name, path), header in zip(tables, headers, strict=True):
            place = [columns.index(column) for column in header]
            straight = place == list(range(len(columns)))
            with open_table(path) as source:
                rows = csv.reader(source)
                next(rows, None)
                if straight:
                    writer.writerows([name, *row] for row in rows)
                    continue
                for row in rows:
                    wide = [""] * len(columns)
                    for at, value in zip(place, row, strict=True):
                        wide[at] = value
                    writer.writerow([name, *wide])
