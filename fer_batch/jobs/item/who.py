"""``--who``: a folder with photos of people who are known by name.

``FOLDER/Anna.jpg``, ``FOLDER/Anna-2.jpg`` and all in ``FOLDER/Anna/`` are photos of Anna. Settings
hold a line for each (checksum and place), so that results know by which photos people were named;
where the folder is stands beside them, since that is another place on each machine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fer_batch import door
from fer_batch.checksum import sha256_file
from fer_batch.config import AnalyzeSettings
from fer_batch.errors import UsageError
from fer_batch.media.image_files import is_image
from fer_batch.person_name import check_name
from fer_batch.printable import one_line
from fer_batch.same_name import folded

OPTION = "--who"
MOST_PHOTOS = 5000
_NUMBERED = re.compile(r"(.+)-\d{1,4}")


@dataclass(frozen=True, slots=True)
class WhoPhoto:
    """One photo: whom it shows, its ``file`` below the folder (forward slashes), its content."""

    name: str
    file: str
    sha256: str

    def line(self) -> str:
        """As ``AnalyzeSettings.who`` holds it."""
        return f"{self.sha256} {self.file}"


def read_who(folder: Path) -> tuple[WhoPhoto, ...]:
    """The photos in ``folder``, by file.

    Raises:
        UsageError: there are none, a file cannot be read, or a name cannot be one.
    """
    if not folder.is_dir():
        raise UsageError(f"{OPTION}: {folder}: is no folder; give one with a photo of each person")
    try:
        files = sorted(
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and is_image(path)
        )
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise UsageError(f"{OPTION}: {folder}: {reason}") from error
    files = [file for file in files if not any(part[0] == "." for part in file.split("/"))]
    if not files:
        raise UsageError(
            f"{OPTION}: {folder}: holds no photos; put one of each person into it (Anna.jpg)"
        )
    if len(files) > MOST_PHOTOS:
        raise UsageError(f"{OPTION}: {folder}: holds more than {MOST_PHOTOS} photos")
    photos = tuple(_photo(folder, file) for file in files)
    spelt: dict[str, str] = {}
    for photo in photos:
        if spelt.setdefault(folded(photo.name), photo.name) != photo.name:
            raise UsageError(
                f"{OPTION}: {folder / photo.file}: {photo.name!r} and "
                f"{spelt[folded(photo.name)]!r} are one name; spell it one way"
            )
    return photos


def _photo(folder: Path, file: str) -> WhoPhoto:
    path = folder / file
    try:
        name = name_of(file)
    except ValueError as error:
        shown = one_line(str(path))
        raise UsageError(f"{OPTION}: {shown}: {error}; rename it") from error
    try:
        return WhoPhoto(name, file, sha256_file(path))
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise UsageError(f"{OPTION}: {path}: {reason}; check the file") from error


def name_of(file: str) -> str:
    """Whom a photo shows: the folder that it lies in, else its own name without a number.

    Raises:
        ValueError: that is no name; the end of a sentence that begins with the file.
    """
    first, slash, _ = file.partition("/")
    name = first if slash else first.rpartition(".")[0]
    if not slash and (found := _NUMBERED.fullmatch(name)):
        name = found[1]
    name = unicodedata.normalize("NFC", name).strip()
    try:
        check_name(name)
        if "\\" in file:
            raise ValueError("has a backslash")
    except ValueError as error:
        raise ValueError(f"{one_line(name[:40])!r} {error}") from error
    return name


def photos_of(settings: AnalyzeSettings) -> tuple[WhoPhoto, ...]:
    """The photos that settings name, which a stranger may have written.

    Raises:
        UsageError: a line is not as ``WhoPhoto.line`` writes it.
    """
    found = []
    for line in settings.who:
        digest, _, file = line.partition(" ")
        try:
            place = door.place(file, "file")
            found.append(WhoPhoto(name_of(place), place, door.hex64(digest)))
        except ValueError as error:
            raise UsageError(
                f"{OPTION}: {one_line(line[:80])!r} names no photo ({error})"
            ) from error
    return tuple(found)


def asking_for(settings: AnalyzeSettings, photos: Sequence[WhoPhoto]) -> AnalyzeSettings:
    """``settings`` that name people by ``photos``; they are then recognised across inputs.

    Raises:
        UsageError: nobody is to be recognised, or nothing finds faces.
    """
    if settings.identity == "off":
        raise UsageError(f"{OPTION}: people are not recognised with --identity off")
    if settings.detector == "none":
        raise UsageError(f"{OPTION}: needs a face detector; leave out --detector none")
    return replace(settings, identity="batch", who=tuple(photo.line() for photo in photos))
