"""From what a person names on the command line to a list of inputs with names for their results."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fer_batch.media.walk import PassedOver, walk
from fer_batch.outputs import TAKEN

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Input:
    """One input: ``path`` to a video, an image or a folder of images, ``name`` of its results."""

    path: Path
    name: str


def discover(
    paths: list[Path], exclude: Path | None = None, passed: PassedOver | None = None
) -> list[Input]:
    """Every input under ``paths``: files as they are, folders searched recursively.

    A folder that holds images is one input, each video in it another. Hidden files, what is
    neither video nor image, earlier results, and everything under ``exclude`` (the output folder)
    are passed over; ``passed`` is told of it. Linked folders are followed once. Paths that do not
    exist stay in the list, so that each gets its own line. The same file named twice is one input.
    """
    passed = PassedOver() if passed is None else passed
    outside = _absolute(exclude) if exclude else None
    found: dict[Path, Path] = {}
    for path in map(_absolute, paths):
        folder = path.is_dir()
        root = path if folder else path.parent
        for item in walk(path, outside, passed) if folder else (path,):
            # The highest of the folders that hold it, whichever was named first.
            found[item] = min(found.get(item, root), root, key=lambda p: len(p.parts))
    return _named(found)


def _absolute(path: Path) -> Path:
    """Without ``..``, so that two ways to one file are the same path."""
    return Path(os.path.abspath(path))  # noqa: PTH100 (absolute() keeps the dots)


def _named(found: dict[Path, Path]) -> list[Input]:
    """Name results after the file; where that is not unique, after suffix or folders as well.

    Names do not depend on order, so that a second run finds its results again.
    """
    names = {path: _safe(path.stem if path.is_file() else path.name) for path in found}
    longer: tuple[Callable[[Path], str], ...] = (
        lambda path: path.name,
        lambda path: "-".join(path.relative_to(found[path]).parts) or path.name,
        lambda path: "-".join(path.parts[1:]),
    )
    for rename in longer:
        for path in _doubtful(names):
            names[path] = _safe(rename(path))
    for path in _doubtful(names):
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
        names[path] = f"{names[path]}-{digest}"
    return [Input(path, name) for path, name in names.items()]


def _doubtful(names: dict[Path, str]) -> list[Path]:
    """Paths whose name is not theirs alone; case does not count, as on many file systems."""
    counts = Counter([*TAKEN, *(name.casefold() for name in names.values())])
    return [path for path, name in names.items() if counts[name.casefold()] > 1]


def _safe(name: str) -> str:
    """A folder name that every file system takes and that cannot lead elsewhere."""
    cleaned = "".join("_" if c in '/\\:*?"<>|' or not _is_text(c) else c for c in name)
    short = cleaned.strip(" .").encode()[:LONGEST_NAME].decode(errors="ignore")
    return short.rstrip(" .") or "input"


def _is_text(character: str) -> bool:
    """Neither a control character nor a byte that is no Unicode (as Python hands those over)."""
    return character >= " " and character != "\x7f" and not "\ud800" <= character <= "\udfff"
