"""Where the results of each input go: a path below the output folder that the input keeps.

Results mirror the folders of the inputs: ``study/P01/interview.mp4`` goes to ``P01/interview``.
What runs beside an input does not change its name; where it already has results, it keeps their
place.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from fer_batch.outputs import TAKEN
from fer_batch.printable import one_line
from fer_batch.same_name import folded

LONGEST_NAME = 120
# Paths of some systems end at 260 characters; what lies in a result's folder wants some of them.
LONGEST_PATH = 180
OWN_IMAGES = "images"  # of images that other inputs lie beside
BESIDE = "-more"  # of the folder beside results that were there first
MOST_LISTED = 200  # folders that are looked into for a name with another suffix
# As people name participants and sessions: P01, day 3, subject-12.
NUMBERED = re.compile(r"[^\W\d_]{1,12}[ _-]?\d{1,4}")


def result_names(
    found: Mapping[Path, Path], places: Mapping[str, Path] | None = None
) -> dict[Path, str]:
    """A name for each input, unique as ``same_name`` counts, with forward slashes between folders.

    ``found``: absolute paths of inputs, each with the folder that was named on the command line (a
    file's own folder where the file was named). ``places``: names of results that lie in the output
    folder already, with the input that each is of.
    """
    places = places or {}
    kept = {path: name for name, path in places.items() if path in found}
    twins = _twins(found)
    names = {path: kept.get(path) or _mirrored(path, found[path], path in twins) for path in found}
    settled = set(kept)
    others = [name for name, path in places.items() if path not in found]
    _take_apart(names, settled, others)
    for path in found.keys() - settled:
        if folded(names[path]) in TAKEN:
            names[path] = _mirrored(path, found[path], full=True)
    longer: tuple[Callable[[Path], str], ...] = (
        lambda path: _mirrored(path, found[path].parent, full=False),
        lambda path: _joined(path.parent.name, _leaf(path, full=False)),
        lambda path: _joined(path.parent.name, path.name),
        lambda path: _joined(path.parent.parent.name, path.parent.name, path.name),
    )
    for rename in longer:
        for path in _doubtful(names, settled, others):
            names[path] = rename(path)
        _take_apart(names, settled, others)
    for path in _doubtful(names, settled, others):
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
        names[path] = f"{names[path]}-{digest}"
    return names


def _take_apart(names: dict[Path, str], settled: set[Path], others: list[str]) -> None:
    """Move names of which one would be a folder within another's results, or take the place of a
    table of all. Settled names and ``others`` stay; each of the rest that lies below one of them
    goes beside it."""
    fixed = {folded(name) for name in (*TAKEN, *others, *(names[path] for path in settled))}
    for path in names.keys() - settled:
        parts = names[path].split("/")
        for depth in range(1, len(parts)):
            if folded("/".join(parts[:depth])) in fixed:
                parts[depth - 1] += BESIDE
                names[path] = "/".join(parts)
                break
    above = {up for name in (*others, *names.values()) for up in _folders_above(folded(name))}
    for path in names.keys() - settled:
        if folded(names[path]) in above:
            if not path.is_dir():
                names[path] += path.suffix
            else:
                names[path] += f"/{OWN_IMAGES}"


def _folders_above(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _mirrored(path: Path, root: Path, full: bool) -> str:
    """The place of an input below the folder that was named; ``full``: with its suffix."""
    inside = path.relative_to(root)
    if not inside.parts:  # the folder itself, as images
        parts = [path.name]
    else:
        parts = [*inside.parts[:-1], _leaf(path, full)]
        if _is_one_of_a_series(root, inside):
            parts.insert(0, root.name)
    name = _joined(*parts)
    if len(name.encode()) > LONGEST_PATH:
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
        name = f"{_joined(parts[-1])}-{digest}"
    return name


def _leaf(path: Path, full: bool) -> str:
    return path.name if full or path.is_dir() else path.stem


def _twins(found: Iterable[Path]) -> set[Path]:
    """Inputs beside which another one has the same name but for the suffix."""
    keys = {path: (path.parent, folded(_safe(_leaf(path, full=False)))) for path in found}
    counts = Counter(keys.values())
    return {path for path, key in keys.items() if counts[key] > 1}


def _is_one_of_a_series(folder: Path, inside: Path) -> bool:
    """Whether ``folder`` is numbered (``P01``) and another number holds ``inside`` as well, be it
    with another suffix."""
    if not NUMBERED.fullmatch(folder.name):
        return False
    pattern = re.sub(r"\d+", "#", folder.name)
    try:
        with os.scandir(folder.parent) as entries:
            others = [
                Path(entry.path)
                for entry in entries
                if entry.name != folder.name
                and re.sub(r"\d+", "#", entry.name) == pattern
                and entry.is_dir()
            ]
    except OSError:
        return False
    if any((other / inside).exists() for other in others):
        return True
    return any(_holds(other / inside.parent, inside.stem) for other in others[:MOST_LISTED])


def _holds(folder: Path, stem: str) -> bool:
    """Whether a file of that name but for its suffix lies in a folder."""
    try:
        with os.scandir(folder) as entries:
            return any(Path(entry.name).stem == stem and entry.is_file() for entry in entries)
    except OSError:
        return False


def _joined(*parts: str) -> str:
    return "/".join(_safe(part) for part in parts if part)


def _doubtful(names: Mapping[Path, str], settled: set[Path], others: list[str]) -> list[Path]:
    """Paths whose name is not theirs alone, as ``same_name`` counts: on many file systems."""
    all_names = [*TAKEN, *others, *names.values()]
    counts = Counter(folded(name) for name in all_names)
    return [p for p, name in names.items() if p not in settled and counts[folded(name)] > 1]


def _safe(name: str) -> str:
    """A folder name that every file system takes and that cannot lead elsewhere."""
    cleaned = "".join("_" if c in '/\\:*?"<>|' or one_line(c) != c else c for c in name)
    short = cleaned.strip(" .").encode()[:LONGEST_NAME].decode(errors="ignore")
    return short.rstrip(" .") or "input"
