"""A segment's faces on disk: ``.npz`` without pickles, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np

from fer_batch.atomic import atomic_path
from fer_batch.errors import UnreadableError
from fer_batch.types import Faces

FORMAT = 1
_ARRAYS = ("status", "frame", "box", "confidence", "landmarks", "appearance", "probabilities")


def write_shard(path: Path, faces: Faces, timings: dict[str, float]) -> None:
    """Write a segment's faces, and the seconds that its stages took."""
    meta = json.dumps({"format": FORMAT, "start": faces.start, "timings": timings})
    arrays = {name: getattr(faces, name) for name in _ARRAYS}
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, meta=np.array(meta), **arrays)


def read_shard(path: Path) -> tuple[Faces, dict[str, float]]:
    """What ``write_shard`` wrote.

    Raises:
        UnreadableError: missing, damaged, or of another version.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            meta = json.loads(str(data["meta"]))
            if meta["format"] != FORMAT:
                raise UnreadableError(f"{path}: is of another version; run with --overwrite")
            faces = Faces(start=meta["start"], **{name: data[name] for name in _ARRAYS})
    except UnreadableError:
        raise
    except Exception as error:  # whatever damaged bytes make of the parser
        raise UnreadableError(f"{path}: is damaged; run again with --overwrite") from error
    return faces, meta["timings"]


def read_timings(path: Path) -> dict[str, float]:
    """The seconds that the stages of a segment took, read without its faces.

    Raises:
        UnreadableError: missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            found: dict[str, float] = json.loads(str(data["meta"]))["timings"]
    except Exception as error:  # whatever damaged bytes make of the parser
        raise UnreadableError(f"{path}: is damaged; run again with --overwrite") from error
    return found


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
