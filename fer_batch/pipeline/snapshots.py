"""Small pictures kept while frames pass by: for the report and for folders of images.

One zip a segment, uncompressed, written as the frames go by, so that memory stays flat:
``person/<face_id>.jpg``, ``moment/<frame>.jpg``, ``image/<frame>.jpg`` (a whole annotated image of
a folder of images), ``thumb/<frame>.jpg`` (a small one, of photos). ``warnings.json``, where the
sound went in with the pictures and some was lost. ``shrunk.json``, of photos that were shrunk.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer_batch.config import RenderSettings
from fer_batch.groups import by_track
from fer_batch.media import pictures
from fer_batch.output.moments import pick_moments
from fer_batch.output.people import portrait
from fer_batch.types import Frame, IntArray, Timeline

FACE_SIDE = 160
MOMENT_WIDTH = 320
WARNINGS = "warnings.json"
SHRUNK = "shrunk.json"


@dataclass(frozen=True, slots=True)
class WantedSnapshots:
    """Frames whose picture is kept, and by frame the faces (rows) of people who are seen best
    there."""

    moments: frozenset[int] = frozenset()
    people: dict[int, list[int]] = field(default_factory=dict)

    @property
    def frames(self) -> frozenset[int]:
        """All frames that are kept for anything."""
        return self.moments | frozenset(self.people)


def wanted(timeline: Timeline, settings: RenderSettings) -> WantedSnapshots:
    """What the report shows, from the timeline alone, so that every segment decides alike."""
    moments = pick_moments(timeline, settings)
    people = portraits(timeline, np.where(timeline.unusable, -1, timeline.face_id))
    return WantedSnapshots(frozenset(m.key_frame for m in moments), people)


def portraits(timeline: Timeline, number: IntArray) -> dict[int, list[int]]:
    """By frame the faces (rows) in which somebody is seen best; ``number int64[n]``: who each face
    is, -1 for nobody."""
    chosen: dict[int, list[int]] = {}
    for person, mine in by_track(number):
        if person >= 0:
            row = portrait(timeline, mine)
            chosen.setdefault(int(timeline.frame[row]), []).append(row)
    return chosen


class SnapshotWriter:
    """Adds pictures to a segment's zip."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def jpeg(self, folder: str, number: int, data: bytes) -> None:
        """A JPEG under ``person``, ``moment``, ``image`` or ``thumb``."""
        self._file.writestr(f"{folder}/{number:08d}.jpg", data)

    def people(
        self, frame: Frame, timeline: Timeline, rows: Mapping[int, list[int]], number: IntArray
    ) -> None:
        """Pictures of those who are seen best in ``frame``. ``rows``, ``number``: of
        ``portraits``."""
        for row in rows.get(frame.index, ()):
            data = pictures.portrait(frame, timeline.box[row] / frame.scale, FACE_SIDE)
            self.jpeg("person", int(number[row]), data)

    def warnings(self, words: list[str]) -> None:
        """What the user should know of the pictures."""
        if words:
            self._file.writestr(WARNINGS, json.dumps(words))

    def shrunk(self, factors: Mapping[int, int]) -> None:
        """By how much photos were shrunk, by number; the others were not."""
        if factors:
            self._file.writestr(SHRUNK, json.dumps(dict(factors)))


class Snapshots:
    """Reads the zips of all segments of a source."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._files = [zipfile.ZipFile(path) for path in paths]
        self._where = {name: file for file in self._files for name in file.namelist()}

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()

    def jpegs(self, folder: str) -> Iterable[tuple[int, bytes]]:
        """Number and content of each JPEG of one kind, in order of number."""
        for name in sorted(n for n in self._where if n.startswith(f"{folder}/")):
            yield int(Path(name).stem), self._where[name].read(name)

    def warnings(self) -> list[str]:
        """What was written down while drawing."""
        found = [file.read(WARNINGS) for file in self._files if WARNINGS in file.namelist()]
        return [words for data in found for words in json.loads(data)]

    def shrunk(self) -> dict[int, int]:
        """By how much photos were shrunk, by number, in its order."""
        found = [json.loads(file.read(SHRUNK)) for file in self._files if SHRUNK in file.namelist()]
        return dict(sorted((int(n), int(by)) for part in found for n, by in part.items()))
