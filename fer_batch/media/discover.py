"""From what a person names on the command line to a list of inputs with names for their results."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fer_batch.media.naming import result_names
from fer_batch.media.walk import PassedOver, walk


@dataclass(frozen=True, slots=True)
class Input:
    """One input: ``path`` to a video, an image or a folder of images, ``name`` of its results."""

    path: Path
    name: str


def discover(
    paths: list[Path],
    exclude: Path | None = None,
    passed: PassedOver | None = None,
    places: Mapping[str, Path] | None = None,
) -> list[Input]:
    """Every input under ``paths``: files as they are, folders searched recursively.

    A folder that holds images is one input, each video in it another. Hidden files, what is
    neither video nor image, earlier results, and everything under ``exclude`` (the output folder)
    are passed over; ``passed`` is told of it. Linked folders are followed once. Paths that do not
    exist stay in the list, so that each gets its own line. The same file named twice is one input.
    ``places``: results that lie in the output folder already, see ``naming.result_names``.
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
    return [Input(path, name) for path, name in result_names(found, places).items()]


def _absolute(path: Path) -> Path:
    """Without ``..``, so that two ways to one file are the same path."""
    return Path(os.path.abspath(path))  # noqa: PTH100 (absolute() keeps the dots)
