"""``report.html`` of photos: all of them to look through, instead of a player.

The page lists tens of thousands of photos: it holds their names and numbers (``report/data.js``),
makes cards for those in sight only, and loads their pictures then.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_batch.atomic import write_text
from fer_batch.output.annotated_names import annotated_names
from fer_batch.output.palette import colours
from fer_batch.output.report.assets import write_gallery_assets
from fer_batch.output.report.data import encode_status, quantised
from fer_batch.output.report.html import count, policy, render
from fer_batch.output.report.provenance import facts, limits, nobody, provenance
from fer_batch.output.report.shares import share_parts, share_text
from fer_batch.output.report.thumbnails import REPORT_FOLDER, SHRUNK, photo_thumb, stored_shrunk
from fer_batch.output.summary import photo_share
from fer_batch.types import FrameStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from fer_batch.types import Timeline

SORTS = (
    ("place", "order of files"),
    ("name", "name"),
    ("emotion", "expression"),
    ("faces", "number of faces"),
    ("size", "size of the face"),
    ("sure", "how sure the model is"),
)


def write_gallery_page(
    folder: Path,
    timeline: Timeline,
    summary: Mapping[str, Any],
    files: list[dict[str, Any]],
    edits: list[str],
    *,
    index: str,
) -> list[str]:
    """Write ``report.html`` of photos and what it loads; see ``page.write_report``.

    ``files``: what can be opened or saved beside it. ``edits``: the lines of ``edits.csv`` that are
    applied. Returns the names of the files of the page.

    Raises:
        NoSpaceError, OutputPathError: a file cannot be written.
    """
    place = folder / REPORT_FOLDER
    assets = write_gallery_assets(place)
    given = gallery_data(folder, timeline) | {"edits": edits}
    data = json.dumps(given, separators=(",", ":"), allow_nan=False)
    write_text(place / "data.js", f"FerBatch.load({data});\n")
    share = photo_share(timeline)
    shown = colours(timeline.outcomes)
    parts = share_parts(share, shown) if any(share.values()) else []
    text = render(
        "gallery.html.j2",
        policy=policy(asks="'self'"),  # `fer-batch review`, where that serves the page
        name=timeline.name,
        index=index,
        facts=facts(summary, 0),
        warnings=list(summary.get("warnings", timeline.warnings)),
        total=count(len(timeline), "photo"),
        nobody=nobody(timeline, "these photos"),
        persons=timeline.compared,
        labels=timeline.outcomes,
        expressions=timeline.labels,
        shares=parts,
        share_text=share_text(parts),
        without=_without(timeline),
        sorts=[*SORTS, *((f"p:{i}", f"{name}, %") for i, name in enumerate(timeline.labels))],
        files=files,
        provenance=provenance(summary),
        limits=limits(summary),
    )
    write_text(folder / "report.html", text)
    kept = [SHRUNK] if (folder / SHRUNK).is_file() else []
    return ["report.html", *(f"{REPORT_FOLDER}/{name}" for name in [*assets, "data.js"]), *kept]


def _readable(timeline: Timeline) -> Timeline:
    """Faces that cannot be read are left out; a photo of nothing else is one with a face, but with
    none here: the page tells it from one without."""
    found = timeline.readable()
    empty = np.setdiff1d(np.flatnonzero(found.status == FrameStatus.OK), timeline.frame)
    status = found.status.copy()
    status[empty] = FrameStatus.NO_FACE
    return replace(found, status=status)


def _without(timeline: Timeline) -> list[str]:
    """What is said of photos that show no face, in words."""
    words = {
        FrameStatus.NO_FACE: "without a face",
        FrameStatus.DECODE_ERROR: "that could not be read",
        FrameStatus.SKIPPED: "not counted",
    }
    counted = np.bincount(timeline.status, minlength=len(FrameStatus))
    said = [f"{count(int(counted[s]), 'photo')} {text}" for s, text in words.items() if counted[s]]
    faces = int(timeline.unusable.sum())
    return [*said, f"{count(faces, 'face')} too bad to be read"] if faces else said


def gallery_data(folder: Path, timeline: Timeline) -> dict[str, Any]:
    """What ``data.js`` holds, JSON-able: see ``static/gallery-1-data.js`` for the other side.

    ``pictures``: photos whose annotated file is not called as they are, by number. ``thumbs`` and
    ``images``: a bit a photo, whether it has a thumbnail and an annotated file. ``shrunk``: by how
    much annotated files are smaller than the photos, by number; null: not known. ``ids``: the
    ``face_id`` of each face. ``persons``: who it is, "" where photos were not compared; ``names``:
    by these numbers. ``strongest``: the likeliest label of each face, which half percents alone
    do not tell where two are close. ``unsure``: a bit a face.
    """
    timeline = _readable(timeline)
    count = len(timeline)
    names = annotated_names(timeline.files)
    there = {path.name for path in (folder / REPORT_FOLDER).glob("photo-*.jpg")}
    thumbs = np.array([photo_thumb(i).rpartition("/")[2] in there for i in range(count)])
    images = np.array([(folder / name).is_file() for name in names])
    known = colours(timeline.outcomes)
    own = [_usual(file) for file in timeline.files]
    return {
        "labels": list(timeline.labels),
        "outcomes": list(timeline.outcomes),
        "colours": [known[label] for label in timeline.outcomes],
        "files": [_text(file) for file in timeline.files],
        "pictures": {
            i: _text(name) for i, (name, usual) in enumerate(zip(names, own, strict=True))
            if name != usual
        },
        "status": encode_status(timeline.status),
        "thumbs": _bits(thumbs),
        "images": _bits(images),
        "shrunk": stored_shrunk(folder),
        "faces": _packed(np.bincount(timeline.frame, minlength=count).astype("<u2")),
        "ids": _packed(timeline.face_id.astype("<u2")),
        "boxes": _packed(timeline.box.round().astype("<i4")),
        "strongest": _packed(timeline.smoothed.argmax(axis=1).astype(np.uint8)),
        "unsure": _bits(timeline.emotion == len(timeline.labels)),
        "probabilities": _packed(quantised(timeline.smoothed)),
        "persons": _packed(timeline.person.astype("<i4")) if timeline.compared else "",
        "names": {str(person): name for person, name in timeline.names.items()},
    }  # fmt: skip


def _usual(file: str) -> str:
    folder, slash, name = file.rpartition("/")
    return f"annotated/{folder}{slash}{name.rpartition('.')[0] or name}.jpg"


def _text(name: str) -> str:
    """Names of files need not be Unicode."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _bits(flags: NDArray[np.bool_]) -> str:
    return _packed(np.packbits(flags.astype(bool), bitorder="little"))


def _packed(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
