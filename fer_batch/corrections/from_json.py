"""``edits.json``: the same corrections as objects, for who writes them by program.

[{"do": "merge", "person": 5, "value": 2},
 {"do": "label", "person": 1, "start_s": 10, "end_s": 12.5, "value": "neutral"}]

They become the lines of an ``edits.csv``, and are checked and applied as these are.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from fer_batch.door import Refused, parse_json, rows
from fer_batch.errors import UsageError

NAME = "edits.json"
DEPTH = 3  # a list of objects of values
MOST = 100_000  # corrections; a megabyte holds no more


def lines_of(content: bytes, columns: Sequence[str], where: str) -> tuple[str, ...]:
    """The corrections of a JSON text as lines, the header with ``columns`` first; none of an empty
    list. ``where``: the file, for messages.

    Raises:
        UsageError: no list of objects, or one holds what no correction has; its entry is named.
    """
    try:
        entries = rows(parse_json(content, depth=DEPTH), "it", MOST)
    except Refused as error:
        raise UsageError(f"{where}: {error}; write a list of corrections") from error
    if not entries:
        return ()
    written = [",".join(columns)]
    for number, entry in enumerate(entries, 1):
        try:
            written.append(_line(entry, columns))
        except ValueError as error:
            raise UsageError(f"{where} entry {number}: {error}") from error
    return tuple(written)


def text_of(edits: Sequence[Mapping[str, str]]) -> str:
    """Corrections by column as the JSON text that ``lines_of`` reads, an entry a line."""
    texts = [
        json.dumps({name: _value(cell, name) for name, cell in edit.items() if cell})
        for edit in edits
    ]
    return "[\n" + ",\n".join(texts) + "\n]\n"


def _value(cell: str, name: str) -> str | int | float:
    if name == "person" and cell.isascii() and cell.isdigit():
        return int(cell)
    return float(cell) if name in ("start_s", "end_s") else cell


def _line(entry: object, columns: Sequence[str]) -> str:
    if not isinstance(entry, dict):
        raise ValueError('is no object, such as {"do": "hide", "person": 4}')
    if unknown := [name for name in entry if name not in columns]:
        raise ValueError(f"has an unknown name {unknown[0][:40]!r}; there are {', '.join(columns)}")
    if not entry.get("do"):
        raise ValueError("says nothing in do")
    if str(entry["do"]).startswith("#"):  # a line of CSV would be a remark
        raise ValueError(f"unknown action {entry['do']!r}")
    line = io.StringIO()
    cells = [_cell(entry.get(name), name) for name in columns]
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _cell(value: Any, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{name} is neither text nor a number")
    text = str(value)
    if len(text.splitlines()) > 1 or text.endswith(("\n", "\r")) or "\0" in text:
        raise ValueError(f"{name} holds a line break")
    return text
