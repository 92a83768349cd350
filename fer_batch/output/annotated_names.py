"""Under which names annotated images lie in the results."""

from __future__ import annotations

import os
from collections.abc import Sequence

from fer_batch.same_name import folded

LONGEST_STEM = 200  # bytes; names of files end at 255 in most file systems


def annotated_names(files: Sequence[str]) -> list[str]:
    """Where annotated images lie, relative to the result's folder: in the folders of ``files``,
    under their names. Where two differ only by suffix (``a.jpg``, ``a.png``) the later ones keep
    theirs (``a.png.jpg``). Backslashes, which lead into folders on other systems, become ``_``, and
    names that leave no room for a suffix are cut short."""
    taken: set[str] = set()
    names = []
    for file in files:
        folder, _, name = file.replace("\\", "_").rpartition("/")
        name = _cut(name)
        stem = name.rpartition(".")[0] or name
        choice, number = stem, 1
        while folded(f"{folder}/{choice}") in taken:
            choice = name if number == 1 else f"{stem}-{number}"
            number += 1
        taken.add(folded(f"{folder}/{choice}"))
        names.append("/".join(part for part in ("annotated", folder, f"{choice}.jpg") if part))
    return names


def _cut(name: str) -> str:
    """``name`` with its suffix, of no more bytes than leave room for another and a number."""
    stem, dot, suffix = name.rpartition(".")
    if len(os.fsencode(name)) <= LONGEST_STEM or not stem:
        return name
    room = LONGEST_STEM - len(os.fsencode(dot + suffix))
    if room <= 0:  # no suffix, only a dot somewhere
        stem, dot, suffix, room = name, "", "", LONGEST_STEM
    return os.fsencode(stem)[:room].decode("utf-8", "ignore") + dot + suffix
