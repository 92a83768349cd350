"""A segment's faces on disk: ``.npz`` without pickles, written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from fer_batch.columns import arrays_of
from fer_batch.errors import UnreadableError
from fer_batch.npz import MADE_ANEW, read_npz, write_npz
from fer_batch.types import FACES, Faces, Views
from fer_batch.version import installed_version

FORMAT = 5
VIEWS = ("view_row", "view_worth", "view_end", "view_jpeg")


@dataclass(frozen=True, slots=True)
class About:
    """What a shard says of itself: seconds by stage, the engine and the fer-batch that made it."""

    timings: dict[str, float]
    engine: dict[str, str]
    version: str = ""


def write_shard(
    path: Path, faces: Faces, timings: dict[str, float], engine: dict[str, str] | None = None
) -> None:
    """Write a segment's faces, the seconds that its stages took, and what made them."""
    meta = {"format": FORMAT, "start": faces.start, "timings": timings, "engine": engine or {}}
    meta["version"] = installed_version()
    write_npz(path, meta, {**arrays_of(faces, FACES), **_stored(faces.views)})


def read_shard(path: Path) -> tuple[Faces, dict[str, float]]:
    """What ``write_shard`` wrote.

    Raises:
        UnreadableError: missing, damaged, or of another version.
    """
    meta, arrays = read_npz(path, FORMAT, (*FACES, *VIEWS))
    try:
        # All are written, optional ones too: one that is missing has a damaged name.
        columns: dict[str, Any] = {name: arrays[name] for name in FACES}
        views = _views(arrays)
        return Faces(start=int(meta["start"]), views=views, **columns), dict(meta["timings"])
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise UnreadableError(f"{path}: is damaged ({error}); {MADE_ANEW}") from error


def _stored(views: Views | None) -> dict[str, Any]:
    """Arrays of the views: pictures lie one behind the other, ``view_end`` says to where."""
    if views is None:
        return {}
    ends = np.cumsum([len(picture) for picture in views.jpeg], dtype=np.int64)
    pictures = np.frombuffer(b"".join(views.jpeg), np.uint8)
    return dict(zip(VIEWS, (views.row, views.worth, ends, pictures), strict=True))


def _views(arrays: Mapping[str, Any]) -> Views | None:
    if "view_row" not in arrays:
        return None
    row, worth, ends, pictures = (arrays[name] for name in VIEWS)
    data, starts = pictures.tobytes(), np.concatenate([[0], ends])[:-1]
    return Views(row, worth, tuple(data[a:b] for a, b in zip(starts, ends, strict=True)))


def read_about(path: Path) -> About:
    """What a shard says of itself, read without its faces.

    Raises:
        UnreadableError: missing or damaged.
    """
    meta = read_npz(path, FORMAT, ())[0]
    try:
        version = str(meta.get("version", ""))
        return About(dict(meta["timings"]), dict(meta["engine"]), version)
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableError(f"{path}: is damaged ({error}); {MADE_ANEW}") from error


class ShardFiles(Sequence[Faces]):
    """The shards of a source in order, each read when it is asked for; only the last is kept."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._last: tuple[Path, Faces] | None = None

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, place: int) -> Faces: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Faces]: ...
    def __getitem__(self, place: int | slice) -> Faces | Sequence[Faces]:
        if isinstance(place, slice):
            return ShardFiles(self._paths[place])
        path = self._paths[place]
        if self._last is None or self._last[0] != path:
            self._last = None  # before another one is read: one at a time is in memory
            self._last = path, read_shard(path)[0]
        return self._last[1]
