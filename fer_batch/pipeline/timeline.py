"""From shards to the timeline: merge in order, track, bridge, drop ghosts, smooth. Once a source.

All of it looks at the whole source at once, so that how it was cut cannot matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from fer_batch.config import AnalyzeSettings
from fer_batch.emotion.second import both_say
from fer_batch.errors import FerBatchError
from fer_batch.faces.quality import LEAST_QUALITY
from fer_batch.faces.recogniser import Recogniser
from fer_batch.groups import by_track
from fer_batch.output.rounding import as_shown
from fer_batch.pipeline.identify import join_tracks, people_of_photos
from fer_batch.pipeline.photos import largest_first
from fer_batch.pipeline.plan import LOOK_S
from fer_batch.tracking.assign import assign_tracks
from fer_batch.tracking.cuts import NO_CUTS, find_cuts, shot_of
from fer_batch.tracking.gaps import ghosts, missing_rows
from fer_batch.tracking.opinions import spread
from fer_batch.tracking.returns import join_returns
from fer_batch.tracking.smooth import smooth
from fer_batch.types import (
    FACES,
    TIMELINE,
    BoolArray,
    Faces,
    FloatArray,
    FrameStatus,
    IntArray,
    SourceInfo,
    Timeline,
)

# A person may be out of sight for this long and keeps the number when found near the same place.
PATIENCE_S = 1.5
# Columns of a face that tracking does not touch.
TAKEN_OVER = tuple(n for n, c in FACES.items() if c.per == "face" and n in TIMELINE)
Rows = dict[str, Any]


def merge(shards: Sequence[Faces], frames: int) -> Faces:
    """One Faces of shards in order, which are gone through twice and held one at a time.

    Raises:
        FerBatchError: they do not cover ``frames`` frames without gap or overlap.
    """
    expected = faces = 0
    for shard in shards:
        if shard.start != expected:
            raise FerBatchError(f"shards do not join: frame {expected} expected, not {shard.start}")
        expected, faces = shard.stop, faces + len(shard.frame)
    if expected != frames:
        raise FerBatchError(f"shards cover {expected} of {frames} frames")
    columns: dict[str, Any] = {}
    rows = dict.fromkeys(FACES, 0)
    for shard in shards:
        for name, column in FACES.items():
            part = getattr(shard, name)
            if name not in columns:
                length = frames if column.per == "frame" else faces
                columns[name] = np.empty((length, *part.shape[1:]), part.dtype)
            columns[name][rows[name] : rows[name] + len(part)] = part
            rows[name] += len(part)
    return Faces(0, **columns)


def build_timeline(
    info: SourceInfo,
    shards: Sequence[Faces],
    labels: tuple[str, ...],
    settings: AnalyzeSettings,
    recogniser: Callable[[], Recogniser],
    people: dict[int, FloatArray] | None = None,
) -> Timeline:
    """The timeline of a source from its shards, which lie in order. ``recogniser`` gives what tells
    people apart; it is asked for only where there is a question, or where ``people`` is to be
    filled with the embedding of each ``track`` (in photos: of each ``person``). Then tracks have
    one ``face_id`` only where that leaves no doubt: who is who is told of all inputs at once."""
    faces = merge(shards, len(info))
    if info.kind == "photos":
        person = None
        if people is not None:
            person, embeddings = people_of_photos(faces.frame, shards, recogniser)
            people |= embeddings
        return _photos(info, faces, labels, person)
    time_s = np.asarray((info.pts - info.begin) * float(info.time_base), np.float64)
    cuts = find_cuts(faces.glimpse)
    sight = assign_tracks(faces.frame, faces.box, faces.appearance, time_s, PATIENCE_S, cuts)
    known: dict[int, FloatArray] = {}
    if settings.identity == "off":
        track = surely = join_returns(sight, faces.frame, faces.appearance)
    else:
        everyone = people is not None
        sight, track, surely, known = join_tracks(sight, faces, shards, recogniser, everyone)
    keep = ~ghosts(
        track,
        faces.frame,
        faces.confidence,
        time_s,
        settings.ghost_s,
        settings.ghost_confidence,
        sight_s(faces.status, time_s),
    )
    usable = np.isin(faces.status, (FrameStatus.OK, FrameStatus.NO_FACE))
    numbers = _renumbered(surely[keep])
    if people is not None:
        kept = set(sight[keep].tolist())
        people |= {number: point for number, point in known.items() if number in kept}
    rows = {name: getattr(faces, name)[keep] for name in TAKEN_OVER}
    added = spread(faces.added[keep], sight[keep], numbers, time_s[faces.frame[keep]])
    raw = both_say(faces.probabilities[keep], added)
    rows |= {"face_id": numbers, "track": sight[keep], "raw": raw}
    rows = bridged(_in_order(rows), time_s, usable, settings.bridge_s, cuts)
    smoothed, rows["unusable"] = _smoothed(rows, time_s, settings.smooth_s, cuts)
    status = faces.status.copy()
    status[usable] = FrameStatus.NO_FACE
    status[rows["frame"]] = FrameStatus.OK
    return as_shown(
        Timeline(
            name=info.name,
            labels=labels,
            status=status,
            time_s=time_s,
            smoothed=smoothed,
            cut=np.isin(np.arange(len(info)), cuts),
            files=info.files,
            warnings=info.warnings,
            **rows,
        )
    )


def _smoothed(
    rows: Rows, time_s: np.ndarray, over_s: float, cuts: IntArray
) -> tuple[FloatArray, BoolArray]:
    """Probabilities ``float32[n, labels]``, each a mean over the faces around it, and ``bool[n]``:
    who cannot be read, by the same mean of how well these can be."""
    # What was not measured, as in shards of other analyzers, is taken to be readable.
    quality = np.nan_to_num(rows["quality"], nan=1.0)[:, None]
    smoothed, lasting = rows["raw"].copy(), quality.copy()
    for mine in _by_person_and_shot(rows, cuts):
        times = time_s[rows["frame"][mine]]
        smoothed[mine] = smooth(rows["raw"][mine], times, over_s)
        lasting[mine] = smooth(quality[mine], times, over_s)
    return smoothed, lasting[:, 0] < LEAST_QUALITY


def _photos(
    info: SourceInfo, faces: Faces, labels: tuple[str, ...], person: IntArray | None
) -> Timeline:
    """Each photo by itself: faces are counted, largest first; nothing is followed, put in, left out
    or smoothed, and there is no time. ``person int64[n]``: who they are, where that was asked."""
    rows = {name: getattr(faces, name) for name in TAKEN_OVER}
    raw = both_say(faces.probabilities, faces.added)
    rows |= {"face_id": largest_first(faces.frame, faces.box), "raw": raw}
    if person is not None:
        rows["person"] = person
    rows = _in_order(rows)
    rows["unusable"] = rows["quality"] < LEAST_QUALITY  # not where it is NaN: not measured
    return as_shown(
        Timeline(
            name=info.name,
            labels=labels,
            status=faces.status,
            time_s=np.full(len(info), np.nan),
            smoothed=rows["raw"].copy(),
            files=info.files,
            warnings=info.warnings,
            **rows,
        )
    )


def sight_s(status: np.ndarray, time_s: np.ndarray) -> float:
    """Seconds that one analysed picture stands for, where they are far apart; else 0."""
    analysed = time_s[status != FrameStatus.SKIPPED]
    apart = float(np.median(np.diff(analysed))) if len(analysed) > 1 else 0.0
    return apart if apart > LOOK_S else 0.0


def _renumbered(track: np.ndarray) -> np.ndarray:
    """Numbers from 1 without gaps. Tracks are in order of appearance, from left to right."""
    return np.unique(track, return_inverse=True)[1].astype(np.int64) + 1


def _in_order(rows: Rows) -> Rows:
    """By frame, then by face_id."""
    order = np.lexsort((rows["face_id"], rows["frame"]))
    return {name: values[order] for name, values in rows.items()}


def _by_person_and_shot(rows: Rows, cuts: IntArray) -> Iterator[IntArray]:
    """The rows of each person within each shot: nothing is carried across a cut."""
    shots = len(cuts) + 1
    for _, mine in by_track(rows["face_id"] * shots + shot_of(rows["frame"], cuts)):
        yield mine


def bridged(
    rows: Rows,
    time_s: np.ndarray,
    usable: np.ndarray,
    longest_s: float,
    cuts: IntArray = NO_CUTS,
) -> Rows:
    """``rows`` with more for short misses: what can be mixed lies between both sights."""
    columns = {name: [values] for name, values in rows.items()}
    for mine in _by_person_and_shot(rows, cuts):
        frames, before, share = missing_rows(rows["frame"][mine], time_s, usable, longest_s)
        first, last = mine[before], mine[before + 1] if len(before) else mine[:0]
        for name, values in rows.items():
            if name == "frame":
                addition = frames
            elif name in ("face_id", "track"):
                addition = values[first]
            elif TIMELINE[name].mixed:
                part = share.astype(np.float32).reshape(-1, *[1] * (values.ndim - 1))
                addition = values[first] + (values[last] - values[first]) * part
            else:
                addition = np.full((len(frames), *values.shape[1:]), TIMELINE[name].missing)
            columns[name].append(addition.astype(values.dtype))
    return _in_order({name: np.concatenate(parts) for name, parts in columns.items()})
