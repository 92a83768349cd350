"""Everything that lies under a folder: what is an input, and what is passed over.

Folders are gone through without recursion, so that no depth is too much. Linked folders are
followed, each folder is entered once however many ways lead there, and loops end.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fer_batch.door import Refused, open_regular
from fer_batch.media.camera import Cards
from fer_batch.media.hidden import is_hidden
from fer_batch.media.image_files import is_image
from fer_batch.media.image_kind import UNREAD_SUFFIXES
from fer_batch.outputs import RECORDS, TAKEN
from fer_batch.plural import first_of, plural
from fer_batch.suffixes import IMAGE_SUFFIXES, VIDEO_SUFFIXES

# Suffixes that belong to other kinds of files as well, and how a video of that name begins:
# MPEG program streams and Video CDs. MPEG transport streams may begin anywhere, but are no text.
SIGNED = {
    ".dat": (b"RIFF", b"\0\0\1\xba"),
    ".mod": (b"\0\0\1\xba",),
}
NO_TEXT = frozenset({".ts", ".mts"})  # TypeScript
MOST_NAMED = 3


@dataclass(slots=True)
class PassedOver:
    """What a search leaves out, for one line each."""

    files: Counter[str] = field(default_factory=Counter)
    copies: Counter[str] = field(default_factory=Counter)
    results: list[Path] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)

    def lines(self) -> list[str]:
        """What a user is told; empty where nothing was left out."""
        said = []
        unread = Counter({k: n for k, n in self.files.items() if k in UNREAD_SUFFIXES})
        others = self.files - unread
        if number := others.total():
            none = "was not a video or image" if number == 1 else "were not videos or images"
            said.append(f"{plural(number, 'file')} {none}: {_kinds(others)}")
        if number := unread.total():
            of = "is of a kind that is" if number == 1 else "are of kinds that are"
            said.append(
                f"{plural(number, 'image')} {of} not read: {_kinds(unread)}; "
                f"export {'it' if number == 1 else 'them'} as JPEG or PNG"
            )
        if number := self.copies.total():
            said.append(
                f"{plural(number, 'file')} beside a recording passed over: {_kinds(self.copies)}"
            )
        if self.results:
            said.append(
                f"{_folders(self.results)} of earlier fer-batch results passed over: "
                + _named(self.results)
            )
        if self.unreadable:
            said.append(f"{_folders(self.unreadable)} unreadable: {_named(self.unreadable)}")
        return said


def _kinds(files: Counter[str]) -> str:
    often = sorted(files.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{kind} {count}" for kind, count in often)


def _folders(paths: list[Path]) -> str:
    return plural(len(paths), "folder")


def _named(paths: list[Path]) -> str:
    return first_of(paths, MOST_NAMED)


def walk(root: Path, exclude: Path | None, passed: PassedOver) -> Iterator[Path]:
    """Inputs under ``root`` in natural order: folders that hold images, and video files.

    Hidden files, earlier results, and everything under ``exclude`` are passed over. What lies
    behind links comes last, so that a folder keeps its own path where it has one here.
    """
    seen: set[tuple[int, int]] = set()
    if exclude is not None:
        with suppress(OSError):
            seen.add(_identity(exclude))
    linked: list[Path] = []
    cards = Cards()
    waiting = [root]
    while waiting or linked:
        folder = waiting.pop() if waiting else linked.pop(0)
        try:
            identity = _identity(folder)
            if identity in seen:
                continue
            seen.add(identity)
            if is_result(folder):
                passed.results.append(folder)
                continue
            files, folders, links = _listed(folder, passed)
        except OSError:
            passed.unreadable.append(folder)
            continue
        yield from _inputs(folder, files, passed, cards)
        waiting += [folder / name for name in reversed(folders)]
        linked += [folder / name for name in links]


def _identity(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_dev, facts.st_ino


def _listed(folder: Path, passed: PassedOver) -> tuple[list[str], list[str], list[str]]:
    """Names of visible files, folders and linked folders, each in natural order.

    Images that are no files (links that lead nowhere, pipes) are passed over. Videos are not: each
    has a line of its own that says what is wrong.
    """
    import natsort

    files: list[str] = []
    folders: list[str] = []
    links: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_hidden(entry.name):
                continue
            try:
                is_folder, is_file = entry.is_dir(), entry.is_file()
            except OSError:  # a link that leads round in a circle
                is_folder = is_file = False
            if not is_folder and not is_file and _suffix(entry.name) in IMAGE_SUFFIXES:
                passed.files["broken link" if entry.is_symlink() else "no file"] += 1
                continue
            kind = files if not is_folder else links if entry.is_symlink() else folders
            kind.append(entry.name)
    return natsort.natsorted(files), natsort.natsorted(folders), natsort.natsorted(links)


def _inputs(folder: Path, files: list[str], passed: PassedOver, cards: Cards) -> Iterator[Path]:
    videos = []
    images = False
    for name in files:
        suffix = _suffix(name)
        if is_image(folder / name):
            images = True
        elif is_video(folder / name, suffix):
            if beside := cards.beside_recording(folder / name):
                passed.copies[beside] += 1
            else:
                videos.append(folder / name)
        elif name not in TAKEN:
            passed.files[suffix or "no suffix"] += 1
    if images:
        yield folder
    yield from videos


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()


def is_video(path: Path, suffix: str) -> bool:
    """Whether a file is taken for a video: by its suffix, and by its first bytes where other kinds
    of files bear the same."""
    if suffix not in VIDEO_SUFFIXES and suffix not in SIGNED:
        return False
    if suffix not in SIGNED and suffix not in NO_TEXT:
        return True
    try:
        with path.open("rb") as file:
            start = file.read(1024)
    except OSError:
        return suffix in VIDEO_SUFFIXES  # named as one that cannot be read
    if suffix in SIGNED:
        return start.startswith(SIGNED[suffix])
    return not start or b"\0" in start


def is_result(folder: Path) -> bool:
    """Whether ``folder`` holds what fer-batch made of an input, whole or under way.

    By the first and last bytes of its record alone: a stranger's file is not parsed.
    """
    for name in RECORDS:
        try:
            # Not a pipe, at which one would wait, nor a link to elsewhere.
            with os.fdopen(open_regular(folder / name), "rb") as file:
                start = file.read(64)
                if start[:1] != b"{" or b'"schema"' not in start:
                    continue
                file.seek(max(0, file.seek(0, os.SEEK_END) - 512))
                if b'"render_key"' in file.read():
                    return True
        except (OSError, Refused):
            continue
    return (folder / ".work" / "source.json").is_file()
