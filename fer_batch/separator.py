"""Tables that people write: spreadsheets of many countries part the cells of CSV by semicolons."""

from __future__ import annotations

import csv
from collections.abc import Collection

SEPARATORS = ",;\t"


def separator_of(header: str, known: Collection[str]) -> str:
    """A comma, a semicolon or a tab: what parts the first line of a table into most of the
    ``known`` names (lower case); a comma where it makes no difference."""

    def found(separator: str) -> int:
        try:
            cells = next(csv.reader([header], delimiter=separator), [])
        except csv.Error:  # such as a cell of a megabyte
            return 0
        return len({cell.strip().lower() for cell in cells} & set(known))

    return max(SEPARATORS, key=found)
