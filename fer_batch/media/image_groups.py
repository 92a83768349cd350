"""Which images are one input: the photos of a folder with all folders in it, the frames of a film.

Each folder is looked at by itself, since a tree may hold both. What is frames of a film is an input
of its own; all photos under a folder that somebody named are one. Several image files that are
named one by one are a set as well, as if they were a folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fer_batch.config import Limits
from fer_batch.media.image_files import is_image
from fer_batch.media.image_folders import images_in
from fer_batch.media.image_sets import ImageSet, Look, described, photos_or_frames


@dataclass(frozen=True, slots=True)
class ImageGroup:
    """Images of one input: ``files`` relative to its folder, empty for a single image file.
    ``note``: what they were taken for, where nobody had said it."""

    kind: ImageSet
    files: tuple[str, ...] = ()
    note: str = ""


def group_images(
    found: dict[Path, Path], images: str, limits: Limits, look: Look | None = None
) -> dict[Path, tuple[Path, ImageGroup | None]]:
    """Inputs with the folder that they were found under, and what images they are.

    ``found``: folders that hold images, and files, each with the folder that was named.
    ``images``: ``auto``, ``photos`` or ``frames``. ``look``: see ``photos_or_frames``.
    """
    kind_of = partial(_kind, images=images, limits=limits, look=look)
    grouped: dict[Path, tuple[Path, ImageGroup | None]] = {}
    photos: dict[Path, list[Path]] = {}
    named: list[Path] = []
    order: list[Path] = []
    folders = {path for path in found if path.is_dir()}
    for path, root in found.items():
        if path in folders:
            files = images_in(path)
            if kind_of(files) == "frames":
                grouped[path] = root, _group("frames", path, files, images)
                order.append(path)
            else:
                photos.setdefault(root, []).extend(files)
                order.append(path)
        elif path.is_file() and is_image(path):
            if path.parent not in folders:
                named.append(path)
        else:
            grouped[path] = root, None
            order.append(path)
    for root, files in photos.items():
        # The folder that holds them all: that of the only ones, or of those that hold photos.
        folder = Path(os.path.commonpath([file.parent for file in files]))
        _add_photos(grouped, folder, root, files, images)
    _add_named(grouped, named, images, kind_of)
    first = {path: place for place, path in reversed(list(enumerate(order)))}
    return dict(sorted(grouped.items(), key=lambda item: first.get(item[0], len(order))))


def _kind(files: list[Path], images: str, limits: Limits, look: Look | None) -> ImageSet:
    if images == "auto":
        return photos_or_frames(files, limits, look)
    return "frames" if images == "frames" else "photos"


def _group(kind: ImageSet, folder: Path, files: list[Path], images: str) -> ImageGroup:
    note = described(kind, len(files), str(folder)) if images == "auto" and len(files) > 1 else ""
    names = tuple(Path(os.path.relpath(file, folder)).as_posix() for file in files)
    return ImageGroup(kind, names, note)


def _add_photos(
    grouped: dict[Path, tuple[Path, ImageGroup | None]],
    folder: Path,
    root: Path,
    files: list[Path],
    images: str,
) -> None:
    """Photos as one input; where the folder itself is a film, each folder of photos by itself."""
    taken = grouped.get(folder, (root, None))[1]
    if taken is None:
        grouped[folder] = root, _group("photos", folder, files, images)
        return
    for parent in dict.fromkeys(file.parent for file in files):
        here = [file for file in files if file.parent == parent]
        grouped[parent] = root, _group("photos", parent, here, images)


def _add_named(
    grouped: dict[Path, tuple[Path, ImageGroup | None]],
    named: list[Path],
    images: str,
    kind_of: Callable[[list[Path]], ImageSet],
) -> None:
    """Image files that were named one by one: one alone is a photo, several are a set."""
    rest: list[Path] = []
    for parent in dict.fromkeys(path.parent for path in named):
        here = [path for path in named if path.parent == parent]
        if kind_of(here) == "frames" and parent not in grouped:
            grouped[parent] = parent, _group("frames", parent, here, images)
        else:
            rest += here
    if len(rest) == 1:
        grouped[rest[0]] = rest[0].parent, ImageGroup("photos")
    elif rest:
        folder = Path(os.path.commonpath([path.parent for path in rest]))
        _add_photos(grouped, folder, folder, rest, images)
