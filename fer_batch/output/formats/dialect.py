"""How the tables beside the folders are written as CSV: ``plain``, or ``excel``.

``excel`` is what a spreadsheet opens by a double click where the decimal sign is a comma: UTF-8
with a byte order mark, semicolons between cells, decimal commas. The tables of each input, which
are read again, are always plain.
"""

from __future__ import annotations

import codecs
import csv
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from fer_batch.door import Refused, open_regular

# Columns of words: what stands there is no number, whatever it looks like.
TEXTS = frozenset(("input", "model", "status", "error", "dominant", "emotion", "file", "path"))
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Dialect:
    """``encoding`` as Python calls it, what parts cells, and the decimal sign."""

    encoding: str
    delimiter: str
    decimal: str


DIALECTS = {"plain": Dialect("utf-8", ",", "."), "excel": Dialect("utf-8-sig", ";", ",")}


def dialect_name(table: Path) -> str:
    """The dialect of a table that was written earlier, told by its mark; plain where none is."""
    with suppress(OSError, Refused), os.fdopen(open_regular(table), "rb") as file:
        if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
            return "excel"
    return "plain"


def dialect_of(table: Path) -> Dialect:
    """The same, as a ``Dialect``."""
    return DIALECTS[dialect_name(table)]


def is_number(text: str) -> bool:
    """Whether a cell holds a number as our tables have them, with a decimal point."""
    return _NUMBER.fullmatch(text) is not None


class TableWriter:
    """Writes rows of texts in a dialect; the header comes first and says which are numbers."""

    def __init__(self, file: TextIO, header: Sequence[str], dialect: Dialect) -> None:
        self._writer: Any = csv.writer(file, delimiter=dialect.delimiter, lineterminator="\n")
        self._decimal = dialect.decimal
        self._texts = [name in TEXTS for name in header]
        self._writer.writerow(header)

    def writerows(self, rows: Iterable[Sequence[str]]) -> None:
        """Write ``rows``, each as long as the header."""
        self._writer.writerows(rows if self._decimal == "." else map(self._turned, rows))

    def _turned(self, row: Sequence[str]) -> list[str]:
        return [
            value if text or not is_number(value) else value.replace(".", self._decimal)
            for value, text in zip(row, self._texts, strict=False)
        ]
