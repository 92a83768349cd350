"""What a review serves: the pages of a folder and what they load, nothing else that lies there."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from fer_batch import door
from fer_batch.errors import NotFoundError

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".mp4": "video/mp4",
    ".vtt": "text/vtt; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".eaf": "application/xml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PAGES = ("index.html", "people.html", "report.html")
MOST_PAGE = 64 << 20
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})|bytes=-(\d{1,15})")


@dataclass(frozen=True, slots=True)
class Served:
    """An open file, what kind it is, and its ``size`` in bytes; ``is_page``: of a report."""

    file: BinaryIO
    kind: str
    size: int
    is_page: bool


def find(folder: Path, path: str) -> Served:
    """The file below ``folder`` that a URL's ``path`` names, open.

    Hidden files, links, other kinds of files and HTML that is no page of ours are not served.

    Raises:
        NotFoundError: there is none.
    """
    nothing = NotFoundError("there is no such page here")
    parts = path.removeprefix("/").split("/")
    place = folder
    try:
        for each in parts:
            name = door.name(os.fsdecode(unquote_to_bytes(each)))
            if name.startswith("."):
                raise nothing
            if place.is_symlink() and place != folder:
                raise nothing
            place = place / name
        kind = KINDS[place.suffix.lower()]
        if place.suffix.lower() == ".html" and place.name not in PAGES:
            raise nothing
        if not place.resolve().is_relative_to(folder.resolve()):
            raise nothing
        file = os.fdopen(door.open_regular(place), "rb")
    except (KeyError, ValueError, OSError) as error:
        raise nothing from error
    size = os.fstat(file.fileno()).st_size
    is_page = place.name == "report.html" and size <= MOST_PAGE
    return Served(file, kind, size, is_page)


def part(asked: str, size: int) -> tuple[int, int]:
    """The bytes ``first <= i < last`` of a file that a ``Range`` asks for, by which players seek in
    videos; all where it is none that can be given."""
    found = _RANGE.fullmatch(asked.strip())
    if not found or not size:
        return 0, size
    if found[3]:
        return max(0, size - int(found[3])), size
    first, last = int(found[1]), int(found[2]) + 1 if found[2] else size
    return (first, min(last, size)) if first < min(last, size) else (0, size)
