"""Small pictures of people and moments, kept beside the report so that it can be built again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fer_batch import door
from fer_batch.atomic import atomic_path, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

REPORT_FOLDER = "report"
SHRUNK = f"{REPORT_FOLDER}/shrunk.json"
NAME = re.compile(r"(person|moment)-(\d+)\.jpg")


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """JPEG files as bytes. ``people`` by face_id: the face, square, about 192 pixels. ``moments``
    by frame: the whole picture with its marks, about 320 pixels wide."""

    people: dict[int, bytes] = field(default_factory=dict)
    moments: dict[int, bytes] = field(default_factory=dict)


def write_thumbnails(folder: Path, thumbnails: Thumbnails) -> None:
    """Store the pictures in ``folder/report``; those of an earlier run are removed.

    Raises:
        NoSpaceError, OutputPathError: a picture cannot be written.
    """
    place = folder / REPORT_FOLDER
    wanted = {f"person-{face_id}.jpg": data for face_id, data in thumbnails.people.items()}
    wanted |= {f"moment-{frame:07d}.jpg": data for frame, data in thumbnails.moments.items()}
    for path in place.glob("*.jpg"):
        if NAME.fullmatch(path.name) and path.name not in wanted:
            path.unlink()
    for name, data in wanted.items():
        with atomic_path(place / name) as temporary:
            temporary.write_bytes(data)


def write_photo_thumbs(folder: Path, thumbs: Iterable[tuple[int, bytes]]) -> None:
    """Store small pictures of photos, by their number, in ``folder/report``; those of an earlier
    run are removed.

    Raises:
        NoSpaceError, OutputPathError: a picture cannot be written.
    """
    written = []
    for number, data in thumbs:
        written.append(photo_thumb(number))
        with atomic_path(folder / written[-1]) as temporary:
            temporary.write_bytes(data)
    stale = {f"{REPORT_FOLDER}/{path.name}" for path in (folder / REPORT_FOLDER).glob("*.jpg")}
    for name in stale.difference(written):
        (folder / name).unlink()


def photo_thumb(number: int) -> str:
    """The name of a photo's thumbnail, relative to the result's folder."""
    return f"{REPORT_FOLDER}/photo-{number:07d}.jpg"


def write_shrunk(folder: Path, factors: Mapping[int, int]) -> None:
    """Store by how much annotated photos are smaller than those that they were made of, by their
    number; the others are as large.

    Raises:
        NoSpaceError, OutputPathError: it cannot be written.
    """
    write_text(folder / SHRUNK, json.dumps(dict(factors), separators=(",", ":")) + "\n")


def stored_shrunk(folder: Path) -> dict[str, int] | None:
    """What ``write_shrunk`` has stored; None where that is not known, as in results of versions
    before."""
    try:
        found = door.record(door.parse_json(door.read_regular(folder / SHRUNK)), "shrunk")
        return {str(int(n)): door.whole(by, "shrunk", 2, 1 << 10) for n, by in found.items()}
    except (OSError, ValueError):
        return None


def stored_thumbnails(folder: Path) -> tuple[dict[int, str], dict[int, str]]:
    """Addresses relative to ``folder`` of the stored pictures: people by id, moments by frame."""
    found: dict[str, dict[int, str]] = {"person": {}, "moment": {}}
    for path in sorted((folder / REPORT_FOLDER).glob("*.jpg")):
        if match := NAME.fullmatch(path.name):
            found[match[1]][int(match[2])] = f"{REPORT_FOLDER}/{path.name}"
    return found["person"], found["moment"]
