"""Small pictures kept while frames pass by: for the GIF, the report and folders of images.

One zip a segment, uncompressed, written as the frames go by, so that memory stays flat:
``gif/<frame>.npy`` (RGB, 480 pixels wide), ``person/<face_id>.jpg``, ``moment/<frame>.jpg``,
``image/<frame>.jpg`` (a whole annotated image of a folder of images).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer_batch.config import RenderSettings
from fer_batch.output.moments import Moment, pick_moments, sample_frames
from fer_batch.tracking.groups import by_track
from fer_batch.types import Image, Timeline

FACE_SIDE = 160
MOMENT_WIDTH = 320


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which frames are kept for what."""

    moments: list[Moment]
    gif: frozenset[int]
    moment: frozenset[int]
    people: dict[int, list[int]] = field(default_factory=dict)

    @property
    def frames(self) -> frozenset[int]:
        """All frames that are kept for anything."""
        return self.gif | self.moment | frozenset(self.people)


def wanted(timeline: Timeline, settings: RenderSettings) -> Wanted:
    """The frames to keep, from the timeline alone, so that every segment decides alike."""
    moments = pick_moments(timeline, settings)
    return Wanted(
        moments=moments,
        gif=frozenset(f for m in moments for f in sample_frames(timeline, m)),
        moment=frozenset(m.key_frame for m in moments),
        people=_portraits(timeline),
    )


def _portraits(timeline: Timeline) -> dict[int, list[int]]:
    """Frame to the people best seen there: sure of the face first, then large."""
    chosen: dict[int, list[int]] = {}
    score = timeline.confidence.round(1) * 1e6 + timeline.box[:, 2:].prod(axis=1)
    for person, mine in by_track(timeline.face_id):
        best = mine[int(score[mine].argmax())]
        chosen.setdefault(int(timeline.frame[best]), []).append(person)
    return chosen


class KeepsakeWriter:
    """Adds pictures to a segment's zip."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def rgb(self, frame: int, image: Image) -> None:
        """A GIF frame ``uint8[h, w, 3]``."""
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, image, allow_pickle=False)
        self._file.writestr(f"gif/{frame:08d}.npy", buffer.getvalue())

    def jpeg(self, folder: str, number: int, data: bytes) -> None:
        """A JPEG under ``person``, ``moment`` or ``image``."""
        self._file.writestr(f"{folder}/{number:08d}.jpg", data)


class Keepsakes:
    """Reads the zips of all segments of a source."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._files = [zipfile.ZipFile(path) for path in paths]
        self._where = {name: file for file in self._files for name in file.namelist()}

    def close(self) -> None:
        """Close all files."""
        for file in self._files:
            file.close()

    def rgb(self, frame: int) -> Image | None:
        """GIF frame ``uint8[h, w, 3]``; None if it was not kept."""
        name = f"gif/{frame:08d}.npy"
        if name not in self._where:
            return None
        data = io.BytesIO(self._where[name].read(name))
        return np.lib.format.read_array(data, allow_pickle=False)  # type: ignore[no-any-return]

    def jpegs(self, folder: str) -> Iterable[tuple[int, bytes]]:
        """Number and content of each JPEG of one kind, in order of number."""
        for name in sorted(n for n in self._where if n.startswith(f"{folder}/")):
            yield int(Path(name).stem), self._where[name].read(name)
