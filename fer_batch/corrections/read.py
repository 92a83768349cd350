"""``edits.csv``: one correction a line, checked as a whole before any is applied.

do,person,start_s,end_s,value
merge,5,,,2
split,3,12.5,,
hide,4,,,
ignore,,60,75,
label,1,10,12.5,neutral
name,1,,,Anna
main,1,,,

``edits.json`` may say the same (``from_json``).

In a set of photos a column more says which photo: ``person`` is then the number of a face in it.
"""

from __future__ import annotations

import csv
import io
import math
import os
from dataclasses import dataclass
from pathlib import Path

from fer_batch.corrections import from_json
from fer_batch.door import Refused, open_regular
from fer_batch.errors import UsageError
from fer_batch.person_name import check_name
from fer_batch.printable import one_line
from fer_batch.separator import separator_of

NAME = "edits.csv"
NAMES = (NAME, from_json.NAME)
COLUMNS = ("do", "person", "start_s", "end_s", "value", "photo")
# What each correction must say, and what it may say.
ACTIONS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "merge": (frozenset({"person", "value"}), frozenset()),
    "split": (frozenset({"person", "start_s"}), frozenset({"end_s"})),
    "hide": (frozenset({"person"}), frozenset({"start_s", "end_s"})),
    "ignore": (frozenset({"start_s", "end_s"}), frozenset({"person"})),
    "label": (frozenset({"person", "value"}), frozenset({"start_s", "end_s"})),
    "name": (frozenset({"person", "value"}), frozenset()),
    "main": (frozenset({"person"}), frozenset()),
}
# The same where a line names a photo.
IN_A_PHOTO: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "split": (frozenset({"person"}), frozenset()),
    "hide": (frozenset({"person"}), frozenset()),
    "ignore": (frozenset(), frozenset({"person"})),
    "label": (frozenset({"person", "value"}), frozenset()),
}
SECONDS = ("start_s", "end_s")
LONGEST = 1 << 20  # bytes; a hand does not write more


@dataclass(frozen=True, slots=True)
class Edit:
    """One correction: what is done, to which ``face_id`` (0: everyone), from when to when, and the
    other number, the label or the name. ``photo``: the file that it is about, "" for all of them
    and in films; ``person`` is the ``face_id`` in that photo, else a person of all photos.
    ``line``: where it stands in the file."""

    do: str
    person: int
    start_s: float
    end_s: float
    value: str
    line: int
    photo: str = ""


def edits_file(folder: Path) -> Path:
    """The file of corrections in a results folder: ``edits.csv``, or ``edits.json`` where that lies
    there.

    Raises:
        UsageError: both do.
    """
    table, other = folder / NAME, folder / from_json.NAME
    if not os.path.lexists(other):
        return table
    if os.path.lexists(table):
        raise UsageError(f"{folder}: holds {NAME} and {from_json.NAME}; keep one of them")
    return other


def at(where: str, line: int) -> str:
    """Where a correction stands: ``edits.csv line 3``, or ``edits.json entry 2``, below whose lines
    no header stands."""
    return f"{where} entry {line - 1}" if where.endswith(".json") else f"{where} line {line}"


def read_edits(folder: Path) -> tuple[str, ...]:
    """The corrections in a results folder as lines of ``edits.csv``, checked, with commas between
    their cells; none where there is no such file.

    Raises:
        UsageError: a line or entry is wrong, it is named; or there are two files.
    """
    path = edits_file(folder)
    content = _content(path)
    if content is None:
        return ()
    if path.name == from_json.NAME:
        lines = from_json.lines_of(content, COLUMNS, str(path))
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from error
        lines = _with_commas(tuple(text.splitlines()), str(path))
    parse_edits(lines, str(path))
    return lines


def text_of(lines: tuple[str, ...], path: Path) -> str:
    """Lines that ``parse_edits`` took, as the text of the file at ``path``, by its name."""
    if path.name != from_json.NAME:
        return "".join(f"{line}\n" for line in lines)
    names, *rows = _cells(lines, str(path)) or [[]]
    kept = [row for row in rows if any(row) and not row[0].startswith("#")]
    return from_json.text_of([dict(zip(names, row, strict=False)) for row in kept])


def _content(path: Path) -> bytes | None:
    """The bytes of a file of corrections, None where there is none.

    Raises:
        UsageError: it is no regular file, cannot be read or is too large.
    """
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            content = file.read(LONGEST + 1)
    except FileNotFoundError:
        return None
    except Refused as error:  # a pipe would be waited for, a device never ends
        raise UsageError(f"{path}: is {error}; remove it") from error
    except OSError as error:
        if path.is_symlink():  # whoever gives results away could have any file of ours read
            raise UsageError(f"{path}: is not a regular file but a link; remove it") from error
        raise UsageError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from error
    if len(content) > LONGEST:
        raise UsageError(f"{path}: is larger than a megabyte; that is not a list of corrections")
    return content


def _with_commas(lines: tuple[str, ...], where: str) -> tuple[str, ...]:
    """Lines as a spreadsheet of any country writes them, in the one way in which they travel."""
    separator = separator_of(lines[0], COLUMNS) if lines else ","
    if separator == ",":
        return lines
    written = []
    names: list[str] = []
    for cells in _cells(lines, where, separator):
        names = names or [cell.strip().lower() for cell in cells]
        for place, name in enumerate(names[: len(cells)]):
            if name in SECONDS:
                cells[place] = cells[place].replace(",", ".")
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(cells)
        written.append(line.getvalue())
    return tuple(written)


def _cells(lines: tuple[str, ...], where: str, separator: str = ",") -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO("\n".join(lines)), delimiter=separator))
    except csv.Error as error:
        raise UsageError(f"{where}: is no table ({error}); write it again") from error


def parse_edits(lines: tuple[str, ...], where: str = NAME) -> list[Edit]:
    """The corrections of the lines of a file, in order.

    Raises:
        UsageError: the header or a line is wrong; the first such is named.
    """
    rows = _cells(lines, where)
    if not rows:
        return []
    names = [cell.strip().lower() for cell in rows[0]]
    if not {"do", "person"} <= set(names) or set(names) - set(COLUMNS):
        raise UsageError(f"{where} line 1: the columns must be {','.join(COLUMNS)}")
    edits = []
    for line, row in enumerate(rows[1:], 2):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if len(cells) > len(names):
            raise UsageError(f"{at(where, line)}: has more cells than the header")
        try:
            edits.append(_edit(dict(zip(names, cells, strict=False)), line))
        except ValueError as error:
            raise UsageError(f"{at(where, line)}: {error}") from error
    return edits


def _edit(cells: dict[str, str], line: int) -> Edit:
    do = cells.get("do", "").lower()
    if do not in ACTIONS:
        raise ValueError(f"unknown action {do!r}; there are {', '.join(ACTIONS)}")
    said = {name for name, cell in cells.items() if cell and name != "do"}
    photo = cells.get("photo", "")
    if photo and do not in IN_A_PHOTO:
        raise ValueError(f"{do} is about a person in all photos; leave photo empty")
    must, may = IN_A_PHOTO[do] if photo else ACTIONS[do]
    said.discard("photo")
    if missing := sorted(must - said):
        raise ValueError(f"{do} needs {' and '.join(missing)}")
    if more := sorted(said - must - may):
        raise ValueError(f"{do} takes no {' and no '.join(more)}")
    start, end = _seconds(cells, "start_s", 0.0), _seconds(cells, "end_s", math.inf)
    if not start < end:
        raise ValueError("end_s must be later than start_s")
    person = _person(cells["person"], "person") if cells.get("person") else 0
    value = cells.get("value", "")
    if do == "merge" and _person(value, "value") == person:
        raise ValueError("a person cannot be merged with themselves")
    if do == "name":
        try:
            check_name(value)
        except ValueError as error:
            raise ValueError(f"value is {one_line(value[:40])!r}, which {error}") from error
    return Edit(do, person, start, end, value, line, photo)


def _seconds(cells: dict[str, str], name: str, missing: float) -> float:
    text = cells.get(name, "")
    if not text:
        return missing
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise ValueError(f"{name} is {text!r}, not seconds from the first frame, such as 12.5")
    return found


def _person(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1 << 31):
        raise ValueError(f"{name} is {text!r}, not a number of a person (face_id), such as 2")
    return int(text)
