"""Whether an input is still what it was: a file that is replaced or written to in mid-run would
give one film's numbers over another film's pictures."""

from __future__ import annotations

import os
from pathlib import Path

from fer_batch.errors import InputChangedError

# Size, time of last change in ns, device and inode: a file replaced by another differs in the last.
Stamp = tuple[int, int, int, int]


class Unchanged:
    """What an input looked like when it was first seen: a file, or the files of a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen = _stamps(path)

    def check(self, files: tuple[str, ...] = ()) -> None:
        """Look again, at no cost to speak of. ``files``: those of a folder that matter.

        Raises:
            InputChangedError: something is not as it was.
        """
        now = _stamps(self.path)
        for name in files or self._seen:
            if now.get(name) != self._seen.get(name):
                raise self._changed(name)

    def check_content(self, was: str, now: str) -> None:
        """Compare two hashes of the input: times can be set back.

        Raises:
            InputChangedError: they differ.
        """
        if was != now:
            raise self._changed("")

    def _changed(self, name: str) -> InputChangedError:
        which = self.path / name if name else self.path
        return InputChangedError(
            f"{which}: was changed while fer-batch worked on it; run it again when it is complete"
        )


def _stamps(path: Path) -> dict[str, Stamp]:
    try:
        if not path.is_dir():
            return {"": _stamp(path.stat())}
        with os.scandir(path) as entries:
            return {e.name: _stamp(e.stat()) for e in entries if e.is_file()}
    except OSError:  # not there (any more): whoever opens it says so
        return {}


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino
