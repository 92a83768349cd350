"""A Timeline on disk: what later steps, other runs and ``fer-batch render`` go on with.

Tables, pictures and pages are made from it and never read back. Results folders keep it hidden
beside them, without the appearance vectors: these are small pictures of faces.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from fer_batch.columns import arrays_of
from fer_batch.errors import UnreadableError
from fer_batch.npz import read_npz, write_npz
from fer_batch.person_name import check_name
from fer_batch.types import TIMELINE, FrameStatus, Timeline

FORMAT = 1
NAME = ".timeline.npz"  # in a results folder: the numbers that are drawn
ANALYSED = ".analysed.npz"  # and those before inputs were related, where they were
KEPT = (NAME, ANALYSED)
PRIVATE = ("appearance",)  # what never leaves the work folder


def write_timeline(
    path: Path,
    timeline: Timeline,
    *,
    engine: Mapping[str, str] | None = None,
    without: Collection[str] = (),
    packed: bool = False,
) -> None:
    """Write a timeline, but the optional columns called ``without``. Equal ones give equal bytes.

    ``engine``: what made the numbers. Warnings are not kept: they belong to their run.

    Raises:
        NoSpaceError, OutputPathError: it cannot be written.
    """
    meta = {
        "format": FORMAT,
        "name": timeline.name,
        "labels": timeline.labels,
        "files": timeline.files,
        "engine": dict(engine or {}),
    }
    if timeline.names or timeline.main or timeline.hidden:
        meta["said"] = {
            "names": sorted(timeline.names.items()),
            "main": timeline.main,
            "hidden": timeline.hidden,
        }
    names = [name for name in TIMELINE if name not in without]
    write_npz(path, meta, arrays_of(timeline, names), packed=packed)


def keep_in_results(
    folder: Path, timeline: Timeline, engine: Mapping[str, str], name: str = NAME
) -> str:
    """Write the copy that a results folder keeps; returns its name."""
    write_timeline(folder / name, timeline, engine=engine, without=PRIVATE, packed=True)
    return name


def read_engine(path: Path) -> dict[str, str]:
    """What made the numbers of a timeline file.

    Raises:
        UnreadableError: missing, damaged, or of another version.
    """
    engine = read_npz(path, FORMAT, ())[0].get("engine")
    if not isinstance(engine, dict):
        raise UnreadableError(f"{path}: is damaged; analyse again")
    return {str(name): str(value) for name, value in engine.items()}


def read_timeline(path: Path, *, without: Collection[str] = ()) -> Timeline:
    """What ``write_timeline`` wrote; optional columns called ``without`` are not read.

    Raises:
        UnreadableError: missing, damaged, of another version, or no timeline.
    """
    names = [name for name in TIMELINE if name not in without]
    meta, arrays = read_npz(path, FORMAT, names)
    try:
        columns: dict[str, Any] = arrays
        timeline = Timeline(
            name=str(meta["name"]),
            labels=tuple(map(str, meta["labels"])),
            files=tuple(map(str, meta["files"])),
            **columns,
            **_said(meta.get("said", {"names": [], "main": 0, "hidden": []})),
        )
        _check_values(timeline)
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableError(f"{path}: is not a timeline ({error}); analyse again") from error
    return timeline


def _said(found: Any) -> dict[str, Any]:
    """Who people are, as somebody said. Raises ValueError, TypeError, KeyError: it is damaged."""
    names = {face: name for face, name in found["names"]}
    for name in names.values():
        check_name(name)
    if not all(type(face) is int for face in (*names, found["main"])):
        raise ValueError("a person without a number")
    faces = found["hidden"]
    hidden = tuple(sorted((int(f), *map(float, (x, y, w, h))) for f, x, y, w, h in faces))
    if not all(math.isfinite(value) for face in hidden for value in face):
        raise ValueError("a hidden face without a box")
    return {"names": names, "main": found["main"], "hidden": hidden}


def _check_values(timeline: Timeline) -> None:
    """Raises ValueError where a column holds what it cannot."""
    import numpy as np

    frame, face = timeline.frame, timeline.face_id
    if len(frame) and (frame[0] < 0 or frame[-1] >= len(timeline)):
        raise ValueError("a face in a frame that is not there")
    step = np.diff(frame)
    if (step < 0).any() or ((step == 0) & (np.diff(face) <= 0)).any() or (face < 0).any():
        raise ValueError("faces out of order")
    if not np.isin(timeline.status, list(FrameStatus)).all():
        raise ValueError("an unknown status")
    for name in ("box", "confidence", "smoothed", "raw"):
        if not np.isfinite(getattr(timeline, name)).all():
            raise ValueError(f"{name} holds what is not a number")
    for name in ("smoothed", "raw"):
        values = getattr(timeline, name)
        sums = values.sum(axis=1, dtype=np.float64)
        if (np.abs(sums - 1) > 1e-4).any() or (values < 0).any():
            raise ValueError(f"{name} does not sum to 1")


class LatestTimeline:
    """Reads timelines for steps and keeps the last one: many segments are drawn from the same.

    May be asked from several threads. Appearance vectors are not read: drawing needs none.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[tuple[Path, int, int], Timeline] | None = None

    def read(self, path: Path) -> Timeline:
        """The timeline at ``path`` as it is now.

        Raises:
            UnreadableError: see ``read_timeline``.
        """
        with self._lock:
            try:
                facts = path.stat()
            except OSError as error:
                raise UnreadableError(f"{path}: is not there; run again") from error
            stamp = (path, facts.st_mtime_ns, facts.st_size)
            if self._last is None or self._last[0] != stamp:
                self._last = None  # before another one is read
                self._last = stamp, read_timeline(path, without=PRIVATE)
            return self._last[1]
