"""The timeline as the page reads it: small typed arrays as text, in scripts.

A page opened from disk may not fetch, but it may load scripts; so ``data.js`` calls the page with
an overview of at most ``POINTS`` points a person, and longer videos get every frame in chunks that
the page loads when it is zoomed in. Probabilities take one byte, see
``quantised``; 255 where a person is not seen or cannot be read.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_batch.atomic import write_text
from fer_batch.groups import by_track
from fer_batch.output.formats.gaps import gaps
from fer_batch.output.palette import colours
from fer_batch.output.people import by_person, changes
from fer_batch.types import FrameStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from fer_batch.output.people import Episode, Person
    from fer_batch.types import FloatArray, IntArray, Timeline

    Bytes = NDArray[np.uint8]

POINTS = 4096
CHUNK_FRAMES = 16384
NONE = 255
# Lines differ by their dashes too, so that colour is never the only sign.
DASHES: tuple[tuple[int, ...], ...] = (
    (),
    (8, 4),
    (3, 3),
    (12, 3, 3, 3),
    (6, 2),
    (10, 3, 3, 3, 3, 3),
    (16, 5),
    (4, 2, 1, 2),
)


def _first_and_last(timeline: Timeline) -> dict[int, tuple[float, float]]:
    """The seconds at which each person is seen first and last, rising by number."""
    times = timeline.time_s[timeline.frame]
    return {
        face_id: (float(times[rows[0]]), float(times[rows[-1]]))
        for face_id, rows in sorted(by_track(timeline.face_id))
    }


def write_data(
    folder: Path,
    timeline: Timeline,
    episodes: Sequence[Episode],
    people: Sequence[Person],
    faces: dict[int, str],
    start_s: float = 0.0,
    edits: Sequence[str] = (),
) -> None:
    """Write ``data.js`` and, for long videos, the chunks ``smoothed-*.js`` and ``raw-*.js``.

    ``faces``: address of each person's picture, where there is one. ``start_s``: what a player
    shows at the first frame. ``edits``: the lines of corrections that are applied. Chunks of an
    earlier, longer version are removed.
    """
    everyone = _first_and_last(timeline)
    timeline = timeline.readable()
    step = max(1, -(-len(timeline) // POINTS))
    rows = dict(by_track(timeline.face_id))
    stale = {*folder.glob("smoothed-*.js"), *folder.glob("raw-*.js")}
    if step > 1:
        for number, start in enumerate(range(0, len(timeline), CHUNK_FRAMES)):
            for kind in ("smoothed", "raw"):
                path = folder / f"{kind}-{number:03d}.js"
                text = json.dumps(_chunk(timeline, kind, rows, start), separators=(",", ":"))
                write_text(path, f'FerBatch.chunk("{kind}",{number},{text});\n')
                stale.discard(path)
    for path in stale:
        path.unlink()
    data = page_data(timeline, episodes, people, faces, start_s)
    data |= {
        "edits": list(edits),
        "ids": [*everyone],
        "seen": [*everyone.values()],
        "main": timeline.main,
    }
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    write_text(folder / "data.js", f"FerBatch.load({text});\n")


def page_data(
    timeline: Timeline,
    episodes: Sequence[Episode],
    people: Sequence[Person],
    faces: dict[int, str],
    start_s: float = 0.0,
) -> dict[str, Any]:
    """What ``data.js`` holds, JSON-able: see ``static/2-data.js`` for the other side."""
    timeline = timeline.readable()
    count = len(timeline)
    step = max(1, -(-count // POINTS))
    rows = dict(by_track(timeline.face_id))
    place = {label: number for number, label in enumerate(timeline.outcomes)}
    own: dict[int, list[list[int]]] = {person.face_id: [] for person in people}
    changed: set[int] = set()
    for face_id, mine in by_person(episodes).items():
        own[face_id] = [
            [each.start_frame, each.stop_frame, place[each.emotion], round(each.probability * 1000)]
            for each in mine
        ]
        changed |= {episode.start_frame for episode in changes(mine)}
    known = colours(timeline.outcomes)
    analysed = np.flatnonzero(timeline.status != FrameStatus.SKIPPED)
    return {
        "labels": list(timeline.labels),
        "outcomes": list(timeline.outcomes),
        "colours": [known[label] for label in timeline.outcomes],
        "dashes": [list(DASHES[i % len(DASHES)]) for i in range(len(timeline.labels))],
        "frames": count,
        "times": encode_times(timeline.time_s),
        "end_s": round(timeline.end_s, 6),
        "offset_s": start_s,
        "every": 1 if len(analysed) == count else 2,
        "status": encode_status(timeline.status),
        "gaps": [[gap.start_frame, gap.stop_frame, int(gap.status)] for gap in gaps(timeline)],
        "changes": sorted(changed),
        "cuts": np.flatnonzero(timeline.cut).tolist(),
        "files": list(timeline.files),
        "points": -(-count // step),
        "frames_per_point": step,
        "chunk_frames": CHUNK_FRAMES if step > 1 else 0,
        "people": [
            {
                "id": person.face_id,
                "name": timeline.called(person.face_id),
                "face": faces.get(person.face_id),
                "episodes": own[person.face_id],
                "overview": _overview(timeline, rows[person.face_id], step),
            }
            for person in people
        ],
    }


def _text(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def encode_times(time_s: NDArray[np.float64]) -> dict[str, Any]:
    """Seconds as a straight line and the smallest corrections that make it exact.

    Frame i is at ``floor(i * step_us) + corrections[i]`` microseconds; ``width`` is the bytes of
    a correction, little-endian: integers, but float64 for 8.
    """
    us = np.round(time_s * 1e6).astype(np.int64)
    step = float(us[-1] - us[0]) / (len(us) - 1) if len(us) > 1 else 0.0
    off = us - np.floor(np.arange(len(us)) * step).astype(np.int64)
    for width in (1, 2, 4):
        limit = np.iinfo(f"<i{width}").max
        if not len(off) or int(np.abs(off).max()) <= limit:
            return {"step_us": step, "width": width, "corrections": _text(off.astype(f"<i{width}"))}
    return {"step_us": step, "width": 8, "corrections": _text(off.astype("<f8"))}


def encode_status(status: IntArray) -> str:
    """Two bits a frame, the first frame in the lowest bits of the first byte."""
    padded = np.zeros(-(-len(status) // 4) * 4, dtype=np.uint8)
    padded[: len(status)] = status
    quads = padded.reshape(-1, 4)
    packed = quads[:, 0] | quads[:, 1] << 2 | quads[:, 2] << 4 | quads[:, 3] << 6
    return _text(packed.astype(np.uint8))


def quantised(values: FloatArray | NDArray[np.float64]) -> Bytes:
    """Probabilities as half percents, 1 to 201; half the byte is the percentage, rounded."""
    return np.clip(np.floor(values.astype(np.float64) * 200) + 1, 1, 201).astype(np.uint8)


def _overview(timeline: Timeline, rows: IntArray, step: int) -> dict[str, Any]:
    """Means over ``step`` frames, ``uint8[labels, points]``, from the person's first point on."""
    point = timeline.frame[rows] // step
    first, stop = int(point[0]), int(point[-1]) + 1
    seen = np.bincount(point - first, minlength=stop - first)
    found: dict[str, Any] = {"first_point": first}
    for kind in ("smoothed", "raw"):
        values = getattr(timeline, kind)[rows]
        packed = np.full((len(timeline.labels), stop - first), NONE, dtype=np.uint8)
        for label in range(len(timeline.labels)):
            total = np.bincount(point - first, values[:, label], minlength=stop - first)
            packed[label, seen > 0] = quantised(total[seen > 0] / seen[seen > 0])
        found[kind] = _text(packed)
    return found


def _chunk(
    timeline: Timeline, kind: str, rows: dict[int, IntArray], start: int
) -> dict[int, list[Any]]:
    """Each person seen in the chunk: first frame, and ``uint8[labels, frames]`` from there on."""
    found: dict[int, list[Any]] = {}
    for face_id, own in rows.items():
        frame = timeline.frame[own]
        begin, stop = frame.searchsorted([start, start + CHUNK_FRAMES])
        if begin == stop:
            continue
        first = int(frame[begin])
        width = int(frame[stop - 1]) + 1 - first
        packed = np.full((len(timeline.labels), width), NONE, dtype=np.uint8)
        packed[:, frame[begin:stop] - first] = quantised(getattr(timeline, kind)[own[begin:stop]]).T
        found[face_id] = [first, _text(packed)]
    return found
