"""Results folders are strangers' files too: what is read, written and removed there is looked at.

Whoever hands a folder on may have put anything into it: a ``summary.json`` of another program or of
another shape, links that lead out, pipes and devices under the names of outputs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_batch import door
from fer_batch.atomic import OTHER_PLACE
from fer_batch.errors import NotFoundError, OutputPathError, UnreadableError

MOST_BYTES = 256 << 20
OUTPUTS = 2_000_000
OWN_FOLDERS = ("report", "annotated", ".work")  # what fer-batch makes in a results folder


def read_summary_file(path: Path) -> dict[str, Any]:
    """A summary, of the shape that fer-batch writes.

    Raises:
        NotFoundError: there is no such file.
        UnreadableError: it cannot be read, or is none; says why.
    """
    try:
        return check_summary(door.parse_json(door.read_regular(path, MOST_BYTES)))
    except FileNotFoundError as error:
        raise NotFoundError(
            f"{path.parent}: holds no {path.name}; is it a result folder?"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(
            f"{path}: is not a summary of fer-batch ({reason}); run the analysis again"
        ) from error


def drawn_with(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings that a result was drawn with; empty where its summary has none."""
    render = summary.get("settings", {}).get("render")
    return render if isinstance(render, Mapping) else {}


def check_summary(data: Any) -> dict[str, Any]:
    """``data`` if every part that is there has its type.

    Raises:
        Refused: it has not; names the part.
    """
    found = door.record(data, "summary")
    for name in ("input", "outputs"):
        door.record(found.get(name), name)
    # Of a folder of photos, each counts for itself.
    counted = door.record(found.get("photos", found.get("frames")), "frames")
    door.whole(found.get("faces", 0), "faces")
    for name in ("model", "detector", "settings", "versions", "timings", "share"):
        door.record(found.get(name, {}), name)
    for name in ("people", "moments", "longest_episodes", "changes"):
        for one in door.rows(found.get(name, []), name):
            door.record(one, name)
    for moment in found.get("moments", []):
        for name in ("key_frame", "start_frame", "stop_frame"):
            door.whole(moment.get(name, 0), f"moments.{name}")
        for name in ("key_s", "start_s", "stop_s", "probability"):
            door.number(moment.get(name, 0), f"moments.{name}")
        door.text(moment.get("emotion", ""), "moments.emotion", 200)
    door.lines(found.get("warnings", []), "warnings")
    door.text(found.get("dominant") or "", "dominant")
    door.number(found.get("coverage", 0), "coverage")
    given = found["input"]
    for name in ("name", "path", "codec"):
        door.text(given.get(name) or "", f"input.{name}")
    for name in ("duration_s", "start_s"):
        door.number(given.get(name) or 0, f"input.{name}")
    for name in ("width", "height"):
        door.whole(given.get(name) or 0, f"input.{name}", 0, 1 << 20)
    door.whole(counted.get("total"), "frames.total")
    _numbers(counted, "frames")
    _numbers(found.get("share", {}), "share")
    outputs = found["outputs"]
    if len(outputs) > OUTPUTS:
        raise door.Refused(f"outputs are more than {OUTPUTS}")
    for name, about in outputs.items():
        door.place(name, "outputs")
        door.hex64(door.record(about, "outputs").get("sha256"), "outputs")
    return found


def _numbers(values: Mapping[str, Any], field: str) -> None:
    for value in values.values():
        if value is not None:
            door.number(value, field)


def own_file(folder: Path, name: str) -> Path | None:
    """Where the output ``name`` lies in ``folder``; None where the name leads elsewhere, or a link
    on the way does."""
    try:
        parts = door.place(name).split("/")
    except door.Refused:
        return None
    path = folder
    for part in parts[:-1]:
        path = path / part
        if path.is_symlink():
            return None
    return path / parts[-1]


def has_content(folder: Path, name: str, sha256: str) -> bool:
    """Whether the output ``name`` is a regular file with that hash."""
    path = own_file(folder, name)
    if path is None:
        return False
    try:
        with os.fdopen(door.open_regular(path), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except (OSError, door.Refused):
        return False


def refuse_links(folder: Path) -> None:
    """Before anything is written into ``folder``: the folders in it that fer-batch makes are none
    of somebody else.

    Raises:
        OutputPathError: one of them is a link.
    """
    for name in OWN_FOLDERS:
        if (folder / name).is_symlink():
            raise OutputPathError(
                f"{folder / name}: is a link to another place, into which nothing is written; "
                f"remove it, or {OTHER_PLACE}"
            )
