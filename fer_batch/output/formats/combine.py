"""One table for a whole batch: the same file of every result, with its input in front."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from fer_batch.atomic import atomic_path
from fer_batch.output.formats.dialect import DIALECTS, Dialect, TableWriter
from fer_batch.outputs import REGISTRY
from fer_batch.printable import cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fer_batch.output.stored import Stored

OpenTable = Callable[[Path], AbstractContextManager[TextIO]]
# What a formula, or white space before one, begins with.
FIRST = frozenset("=+-@ \t\r\n\v\f\xa0\u3000＝＋－＠")
COMBINED = {output.file: output.joined for output in REGISTRY if output.joined}


def open_here(path: Path) -> AbstractContextManager[TextIO]:
    """A table that lies on this machine."""
    return path.open(encoding="utf-8", errors="surrogateescape", newline="")


def write_combined(
    out: Path,
    results: Sequence[Stored],
    open_table: OpenTable = open_here,
    dialect: Dialect = DIALECTS["plain"],
) -> list[Path]:
    """Join each of ``COMBINED`` over ``results`` into ``out``; what was written.

    The first columns are ``input``, the result's name, and ``model``. Columns that only some
    results have (labels of another model, ``file`` of photos) are empty for the others. Rows stream
    through: memory does not grow with the batch. ``open_table``: how to read a table of a result;
    ``dialect``: how to write the joined ones.

    Raises:
        NoSpaceError, OutputPathError: the table cannot be written.
    """
    written = []
    for source, target in COMBINED.items():
        tables = [(result, result.folder / source) for result in results]
        tables = [(result, path) for result, path in tables if _is_own(path)]
        if tables:
            _combine(out / target, tables, open_table, dialect)
            written.append(out / target)
        else:
            # A table of an earlier run would belong to other results.
            (out / target).unlink(missing_ok=True)
    return written


def _header(path: Path, open_table: OpenTable) -> list[str]:
    with open_table(path) as file:
        return next(csv.reader(file), [])


def _is_own(path: Path) -> bool:
    """Whether it is a file, and no link that might lead elsewhere."""
    return path.is_file() and not path.is_symlink()


def _combine(
    target: Path,
    tables: Sequence[tuple[Stored, Path]],
    open_table: OpenTable,
    dialect: Dialect,
) -> None:
    headers = [_header(path, open_table) for _, path in tables]
    columns = list(dict.fromkeys(column for header in headers for column in header))
    with (
        atomic_path(target) as temporary,
        temporary.open(
            "w", encoding=dialect.encoding, errors="backslashreplace", newline=""
        ) as file,
    ):
        writer = TableWriter(file, list(map(cell, ["input", "model", *columns])), dialect)
        for (result, path), header in zip(tables, headers, strict=True):
            key = [cell(result.name), cell(result.model)]
            place = [columns.index(column) for column in header]
            straight = place == list(range(len(columns)))
            with open_table(path) as source:
                rows = csv.reader(source)
                next(rows, None)
                if straight:
                    writer.writerows([*key, *_defused(row)] for row in rows)
                    continue
                for row in map(_defused, rows):
                    wide = [""] * len(columns)
                    for at, value in zip(place, row, strict=True):
                        wide[at] = value
                    writer.writerows([[*key, *wide]])


def _defused(row: list[str]) -> list[str]:
    """A row of a table that a stranger may have written; looked at closely where it may hurt."""
    if FIRST.isdisjoint(value[:1] for value in row):
        return row
    return list(map(cell, row))
