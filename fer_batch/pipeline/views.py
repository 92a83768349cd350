"""Views: the pictures of faces that people are told apart by, kept while frames pass by.

Faces on every frame of the detection grid are looked at; of each face the best look within a window
of four grid frames is kept, about one a second (``plan.view_window``). Segments begin where windows
do, so that the cut of a source cannot matter. Once all is tracked, the best five of each track are
recognised.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from fer_batch.config import AnalyzeSettings
from fer_batch.faces.chips import face_chip, sharpness, size_and_turn, to_jpeg
from fer_batch.faces.interpolate import iou
from fer_batch.pipeline.plan import tells_people, view_window
from fer_batch.tracking.cuts import suspicious
from fer_batch.types import Detections, FloatArray, Frame, Image, SourceInfo, Views

# A face that overlaps one of the last grid frame by this much is the same, unless there was a cut.
SAME_FACE = 0.4
# A face is looked at again where that promises to tell so many times as much.
STEP = 1.1
# Faces smaller, more blurred or turned further away tell nobody apart; see docs/identity.md.
LEAST_SPAN, LARGE_SPAN = 26.0, 80.0
LEAST_SHARPNESS, SHARP = 3.0, 8.0
MOST_TURNED, FRONTAL = 0.13, 0.04


def worth(landmarks: FloatArray, confidence: FloatArray) -> FloatArray:
    """How well people can be told by faces of that size and pose, before sharpness is known:
    ``float32[n]`` from 0 to 1. ``landmarks float32[n, 5, 2]``, ``confidence float32[n]``."""
    pairs = zip(landmarks, confidence.tolist(), strict=True)
    return np.array([_worth(face, sure) for face, sure in pairs], np.float32)


def _worth(landmarks: FloatArray, confidence: float) -> float:
    size, turn = size_and_turn(landmarks)
    if not (size >= LEAST_SPAN and turn < MOST_TURNED and confidence > 0):  # or not known
        return 0.0
    large, frontal = size / LARGE_SPAN, (MOST_TURNED - turn) / (MOST_TURNED - FRONTAL)
    return min(large, 1.0) * min(frontal, 1.0) * confidence


class Keeper(Protocol):
    """Keeps the views of one segment."""

    def see(self, frame: Frame, glimpse: Image, found: Detections, row: int) -> None:
        """Look at the faces of ``frame``, the first of which is face ``row`` of the segment."""
        ...

    def views(self) -> Views:
        """All that was kept; the segment has ended."""
        ...


def view_keeper(info: SourceInfo, settings: AnalyzeSettings) -> Keeper | None:
    """What keeps the views of a source; None where nobody is to be recognised."""
    if not tells_people(info.kind, settings):
        return None
    return PhotoViews() if info.kind == "photos" else ViewKeeper(*view_window(info, settings))


@dataclass(slots=True)
class _Look:
    """A face in the grid frames of a window, and the best of its looks."""

    box: FloatArray
    worth: float = 0.0
    row: int = 0
    chip: Image | None = None


@dataclass(slots=True)
class ViewKeeper:
    """Keeps the views of one segment. ``grid``: frames from one that is looked at to the next;
    ``window``: frames of which the best look at each face is kept."""

    grid: int
    window: int
    _window: int = -1
    _last: Image | None = None
    _looks: list[_Look] = field(default_factory=list)
    _ended: list[_Look] = field(default_factory=list)
    _kept: list[tuple[int, float, bytes]] = field(default_factory=list)

    def see(self, frame: Frame, glimpse: Image, found: Detections, row: int) -> None:
        """Look at the faces of ``frame``, the first of which is face ``row`` of the segment."""
        if frame.index % self.grid:
            return
        window = frame.index // self.window
        if window != self._window:
            self._close()
            self._window = window
        if self._last is not None and suspicious(np.stack([self._last, glimpse]))[0]:
            self._ended, self._looks = self._ended + self._looks, []
        self._last = glimpse
        likely = worth(found.landmarks, found.confidence)
        looks = self._followed(found.box)
        for place, look in enumerate(looks):
            if likely[place] > STEP * look.worth:
                chip = face_chip(frame, found.landmarks[place])
                value = float(likely[place]) * _clear(chip)
                if value > look.worth:
                    look.worth, look.row, look.chip = value, row + place, chip
        self._looks = looks

    def _followed(self, boxes: FloatArray) -> list[_Look]:
        """The look that each box goes on with; those that none does have ended."""
        looks: list[_Look] = []
        left = list(self._looks)
        for box in boxes:
            shares = [float(iou(box[None], look.box[None])[0, 0]) for look in left]
            best = max(range(len(left)), key=shares.__getitem__, default=-1)
            look = left.pop(best) if best >= 0 and shares[best] >= SAME_FACE else _Look(box)
            look.box = box
            looks.append(look)
        self._ended += left
        return looks

    def _close(self) -> None:
        for look in self._ended + self._looks:
            if look.chip is not None:
                self._kept.append((look.row, look.worth, to_jpeg(look.chip)))
        self._ended, self._looks, self._last = [], [], None

    def views(self) -> Views:
        """All that was kept; the segment has ended."""
        self._close()
        return _as_views(self._kept)


@dataclass(slots=True)
class PhotoViews:
    """Keeps a view of each face in photos: none of them is in the next photo again."""

    _kept: list[tuple[int, float, bytes]] = field(default_factory=list)

    def see(self, frame: Frame, glimpse: Image, found: Detections, row: int) -> None:
        """See ``Keeper``."""
        for place, likely in enumerate(worth(found.landmarks, found.confidence).tolist()):
            if likely > 0:
                chip = face_chip(frame, found.landmarks[place])
                if value := likely * _clear(chip):
                    self._kept.append((row + place, value, to_jpeg(chip)))

    def views(self) -> Views:
        """See ``Keeper``."""
        return _as_views(self._kept)


def _clear(chip: Image) -> float:
    """How sharp a picture of a face is, 0 (tells nobody apart) to 1."""
    sharp = sharpness(chip)
    return min(sharp / SHARP, 1.0) if sharp >= LEAST_SHARPNESS else 0.0


def _as_views(kept: list[tuple[int, float, bytes]]) -> Views:
    kept = sorted(kept)
    rows, worths = [k[0] for k in kept], [k[1] for k in kept]
    return Views(np.array(rows, np.int64), np.array(worths, np.float32), tuple(k[2] for k in kept))
