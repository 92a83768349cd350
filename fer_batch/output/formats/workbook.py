"""``results.xlsx``: the tables of a whole batch as one workbook, a sheet a table."""

from __future__ import annotations

import csv
import tempfile
from typing import TYPE_CHECKING, Any

from fer_batch.atomic import atomic_path
from fer_batch.errors import OutputPathError
from fer_batch.output.formats.dialect import TEXTS, dialect_of, is_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What Excel can hold: rows of a sheet, characters of a cell.
MOST_ROWS = 1_048_576
MOST_CHARACTERS = 32_767
# Sheets in the order in which people look at them; others come after.
ORDER = ("summary", "people", "intervals", "frames")
WIDE = 24  # width of columns of text, characters


def write_workbook(tables: Sequence[Path], path: Path) -> None:
    """Write each of ``tables`` (CSV files of a batch) as a sheet of the workbook ``path``.

    Numbers become numbers, all else is text, never a formula. A table of more rows than
    ``MOST_ROWS`` goes on in a next sheet (``frames 2``), with its header again. Rows
    stream through.

    Raises:
        NoSpaceError, OutputPathError: the workbook cannot be written.
    """
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import FileCreateError, FileSizeError

    known = [table for name in ORDER for table in tables if table.stem == name]
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with (
        atomic_path(path) as temporary,
        # XlsxWriter puts each sheet on disk first: beside the tables, /tmp is often memory.
        tempfile.TemporaryDirectory(prefix=".workbook-", dir=path.parent) as scratch,
    ):
        book = Workbook(str(temporary), {**options, "tmpdir": scratch})
        for table in [*known, *(table for table in tables if table not in known)]:
            _add_table(book, table, MOST_ROWS)
        try:
            book.close()
        except FileSizeError as error:
            raise OutputPathError(
                f"{path}: the tables are too large for a workbook; leave out --outputs xlsx"
            ) from error
        except FileCreateError as error:
            cause = error.args[0] if error.args else None
            raise (cause if isinstance(cause, OSError) else OSError(str(error))) from error


def _add_table(book: Any, table: Path, most_rows: int) -> None:
    dialect = dialect_of(table)
    with table.open(encoding=dialect.encoding, newline="") as file:
        rows = csv.reader(file, delimiter=dialect.delimiter)
        header = next(rows, [])
        sheet, sheets, line = _new_sheet(book, table.stem, header), 1, 1
        for row in rows:
            if line == most_rows:
                sheets += 1
                sheet, line = _new_sheet(book, f"{table.stem} {sheets}", header), 1
            for at, (name, value) in enumerate(zip(header, row, strict=False)):
                if name not in TEXTS and is_number(plain := value.replace(dialect.decimal, ".")):
                    sheet.write_number(line, at, float(plain))
                elif value:
                    sheet.write_string(line, at, value[:MOST_CHARACTERS])
            line += 1


def _new_sheet(book: Any, name: str, header: Sequence[str]) -> Any:
    """A sheet with its header, which stays in sight."""
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for at, title in enumerate(header):
        if title in TEXTS:
            sheet.set_column(at, at, WIDE)
        sheet.write_string(0, at, title[:MOST_CHARACTERS], bold)
    return sheet
