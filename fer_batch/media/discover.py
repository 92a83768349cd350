"""From what a person names on the command line to a list of inputs with names for their results."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fer_batch.config import Limits
from fer_batch.media.image_groups import ImageGroup, group_images
from fer_batch.media.image_sets import Look
from fer_batch.media.naming import result_names
from fer_batch.media.walk import PassedOver, walk


@dataclass(frozen=True, slots=True)
class Input:
    """One input: ``path`` to a video, an image or a folder of images, ``name`` of its results.

    ``images``: what images were taken for, see ``image_groups``; None for videos.
    """

    path: Path
    name: str
    images: ImageGroup | None = None

    @property
    def kind(self) -> str:
        """See ``types.SourceKind``."""
        return self.images.kind if self.images else "video"


def discover(
    paths: list[Path],
    exclude: Path | None = None,
    passed: PassedOver | None = None,
    images: str = "auto",
    places: Mapping[str, Path] | None = None,
    look: Look | None = None,
) -> list[Input]:
    """Every input under ``paths``: files as they are, folders searched recursively.

    The photos in a folder and the folders in it are one input, frames of a film another, each
    video too (``images``: see ``AnalyzeSettings``). Hidden files, what is neither video nor image,
    earlier results, and everything under ``exclude`` (the output folder) are passed over;
    ``passed`` is told of it. Linked folders are followed once. Paths that do not exist stay in the
    list, so that each gets its own line. The same file named twice is one input. ``places``:
    results that lie in the output folder already, see ``naming.result_names``. ``look``: who looks
    at pictures, see ``image_sets.photos_or_frames``.
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
    sets = group_images(found, images, Limits(), look)
    roots = {path: root for path, (root, _) in sets.items()}
    names = result_names(roots, places)
    return [Input(path, name, sets[path][1]) for path, name in names.items()]


def _absolute(path: Path) -> Path:
    """Without ``..``, so that two ways to one file are the same path."""
    return Path(os.path.abspath(path))  # noqa: PTH100 (absolute() keeps the dots)
