"""The work folder of an item: in place where storage is a folder, mirrored where it is not."""

from __future__ import annotations

import fnmatch
import re
import shutil
from pathlib import Path

from fer_batch.atomic import is_temporary, make_private
from fer_batch.jobs.item.work import RELATED, RELATIONS, STATE, TIMELINE
from fer_batch.jobs.ledger.spec import Stage, Unit
from fer_batch.jobs.store import keys
from fer_batch.jobs.store.inputs import trim
from fer_batch.jobs.store.storage import Storage, check_key

# What each stage reads of the folder; "*" alone means the files directly in it.
READS: dict[Stage, tuple[str, ...]] = {
    "probe": ("*",),
    "analyze": ("*",),
    "assemble": ("*", "shards/*"),
    "relate": ("*", "out/*"),
    "render": ("*",),
    "finish": ("*", "parts/*", "timings/*", "out/*"),
    "index": (),
}


SUBFOLDERS = ("shards", "parts", "timings", "out")  # what steps write into
# Files by which a unit is known to be done: stored after everything else of it.
COMMITS = (".npz", ".zip")


def shard_name(number: int) -> str:
    """The shard of an item's unit of that number."""
    return f"shards/{number:05d}.npz"


def shard_number(name: str) -> int:
    """The number in the name of a shard; -1 for the name of something else."""
    found = re.fullmatch(r"shards/(\d{5,9})\.npz", name)
    return int(found[1]) if found else -1


def commit_name(unit: Unit) -> str:
    """The file whose presence says that the unit's work is done; "" where facts say it."""
    if unit.stage == "analyze":
        return shard_name(unit.index)
    if unit.stage == "assemble":
        return TIMELINE
    if unit.stage == "render":
        return f"parts/{unit.index:05d}.zip"  # written after the part's video
    return ""


class ItemFolder:
    """Local files of one item: ``path`` is what the steps work in."""

    def __init__(self, storage: Storage, cache: Path, job: str, item: int, limit: int) -> None:
        self.storage = storage
        self.key = keys.item(job, item)
        self.limit = limit
        self._cache = cache / "work"
        in_place = storage.local_path(self.key)
        self._mirrored = in_place is None
        self.path = in_place or self._cache / job / str(item)
        self._known: dict[str, tuple[int, int]] = {}

    def fetch(self, stage: Stage) -> None:
        """Bring what ``stage`` reads, unless it is here already."""
        if not self._mirrored:
            for name in ("", *SUBFOLDERS):
                self.storage.make_folder(f"{self.key}/{name}" if name else self.key)
        else:
            trim(self._cache, self.limit)
            make_private(self.path)
            stored = self.storage.files(self.key)
            self._forget_old_relations(stored)
            for name, size in stored.items():
                if not _matches(name, READS[stage]):
                    continue
                target = self.path / check_key(name)
                if not target.exists() or target.stat().st_size != size:
                    self.storage.get_file(f"{self.key}/{name}", target)
            # What an attempt made here and could not store is not known yet.
            found = self._scan().items()
            self._known = {name: stamp for name, stamp in found if stored.get(name) == stamp[0]}

    def _forget_old_relations(self, stored: dict[str, int]) -> None:
        """Where inputs were related anew, what is here of before is of the same size and not the
        same. It names the content, so that only the small file is fetched to see."""
        here = self.path / RELATIONS
        if RELATIONS not in stored or not here.exists():
            return
        if here.read_bytes() != self.storage.get_bytes(f"{self.key}/{RELATIONS}"):
            here.unlink()
            (self.path / RELATED).unlink(missing_ok=True)

    def push(self) -> None:
        """Store what a step wrote, the file that says "done" last."""
        if not self._mirrored:
            return
        found = self._scan()
        changed = [name for name, stamp in found.items() if self._known.get(name) != stamp]
        for name in sorted(changed, key=lambda name: name.endswith(COMMITS)):
            self.storage.put_file(self.path / name, f"{self.key}/{name}")
        self._known = found

    def committed(self, unit: Unit) -> bool:
        """True where the unit's result is in storage."""
        name = commit_name(unit)
        return bool(name) and self.storage.exists(f"{self.key}/{name}")

    def discard(self) -> None:
        """Remove what only served to make the outputs: the parts are as large as the video."""
        for name in ("parts", "shards", "timings", *STATE):
            self.storage.delete(f"{self.key}/{name}")
        if self._mirrored:
            shutil.rmtree(self.path, ignore_errors=True)

    def _scan(self) -> dict[str, tuple[int, int]]:
        return {
            p.relative_to(self.path).as_posix(): (p.stat().st_size, p.stat().st_mtime_ns)
            for p in self.path.rglob("*")
            if p.is_file() and not is_temporary(p.name)
        }


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(
        fnmatch.fnmatchcase(name, pattern) and ("/" in pattern or "/" not in name)
        for pattern in patterns
    )
