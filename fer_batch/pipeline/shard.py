"""A segment's faces on disk: ``.npz`` without pickles, written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

from fer_batch.columns import arrays_of
from fer_batch.errors import UnreadableError
from fer_batch.npz import read_npz, write_npz
from fer_batch.types import FACES, Faces

FORMAT = 2


def write_shard(path: Path, faces: Faces, timings: dict[str, float]) -> None:
    """Write a segment's faces, and the seconds that its stages took."""
    meta = {"format": FORMAT, "start": faces.start, "timings": timings}
    write_npz(path, meta, arrays_of(faces, FACES))


def read_shard(path: Path) -> tuple[Faces, dict[str, float]]:
    """What ``write_shard`` wrote.

    Raises:
        UnreadableError: missing, damaged, or of another version.
    """
    meta, arrays = read_npz(path, FORMAT, FACES)
    columns: dict[str, Any] = arrays
    try:
        return Faces(start=int(meta["start"]), **columns), dict(meta["timings"])
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableError(f"{path}: is damaged ({error}); run with --overwrite") from error


def read_timings(path: Path) -> dict[str, float]:
    """The seconds that the stages of a segment took, read without its faces.

    Raises:
        UnreadableError: missing or damaged.
    """
    return dict(read_npz(path, FORMAT, ())[0]["timings"])


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
