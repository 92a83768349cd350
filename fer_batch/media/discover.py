"""From what a person names on the command line to a list of inputs with names for their results."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fer_batch.config import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from fer_batch.media.naming import result_names


@dataclass(frozen=True, slots=True)
class Input:
    """One input: ``path`` to a video, an image or a folder of images, ``name`` of its results."""

    path: Path
    name: str


def discover(
    paths: list[Path], exclude: Path | None = None, places: Mapping[str, Path] | None = None
) -> list[Input]:
    """Every input under ``paths``: files as they are, folders searched to the bottom.

    A folder that holds images is one input, each video in it another. Hidden files, what is
    neither video nor image, and everything under ``exclude`` (the output folder) are passed over.
    Paths that do not exist stay in the list, so that each gets its own line. The same file named
    twice is one input. ``places``: results that lie in the output folder already, see
    ``naming.result_names``.
    """
    found: dict[Path, Path] = {}
    for path in map(_absolute, paths):
        root = path.parent if not path.is_dir() else path
        for item in _walk(path, exclude):
            # The highest of the folders that hold it, whichever was named first.
            found[item] = min(found.get(item, root), root, key=lambda p: len(p.parts))
    return [Input(path, name) for path, name in result_names(found, places).items()]


def _absolute(path: Path) -> Path:
    """Without ``..``, so that two ways to one file are the same path."""
    return Path(os.path.abspath(path))  # noqa: PTH100 (absolute() keeps the dots)


def _walk(path: Path, exclude: Path | None) -> list[Path]:
    if not path.is_dir():
        return [path]
    import natsort

    excluded = _absolute(exclude) if exclude else None
    items: list[Path] = []
    for folder, subfolders, files in os.walk(path, followlinks=False):
        here = Path(folder)
        subfolders[:] = natsort.natsorted(
            s for s in subfolders if not s.startswith(".") and here / s != excluded
        )
        visible = natsort.natsorted(f for f in files if not f.startswith("."))
        if any(Path(f).suffix.lower() in IMAGE_SUFFIXES for f in visible):
            items.append(here)
        items += [here / f for f in visible if Path(f).suffix.lower() in VIDEO_SUFFIXES]
    return items
