"""From shards to the timeline: merge in order, track, bridge, drop ghosts, smooth. Once a source.

All of it looks at the whole source at once, so that how it was cut cannot matter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_batch.config import AnalyzeSettings
from fer_batch.errors import FerBatchError
from fer_batch.tracking.assign import assign_tracks
from fer_batch.tracking.gaps import ghosts, missing_rows
from fer_batch.tracking.groups import by_track
from fer_batch.tracking.returns import join_returns
from fer_batch.tracking.smooth import smooth
from fer_batch.types import Faces, FrameStatus, SourceInfo, Timeline

# A person may be out of sight for this long and keeps the number when found near the same place.
PATIENCE_S = 1.5


COLUMNS = ("status", "frame", "box", "confidence", "landmarks", "appearance", "probabilities")


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
    columns: dict[str, np.ndarray] = {}
    rows = dict.fromkeys(COLUMNS, 0)
    for shard in shards:
        for name in COLUMNS:
            part = getattr(shard, name)
            if name not in columns:
                length = frames if name == "status" else faces
                columns[name] = np.empty((length, *part.shape[1:]), part.dtype)
            columns[name][rows[name] : rows[name] + len(part)] = part
            rows[name] += len(part)
    return Faces(0, **columns)


def build_timeline(
    info: SourceInfo, shards: Sequence[Faces], labels: tuple[str, ...], settings: AnalyzeSettings
) -> Timeline:
    """The timeline of a source from its shards, which lie in order."""
    faces = merge(shards, len(info))
    time_s = (info.pts - info.pts[0]) * float(info.time_base)
    track = assign_tracks(faces.frame, faces.box, faces.appearance, time_s, PATIENCE_S)
    track = join_returns(track, faces.frame, faces.appearance)
    keep = np.ones(len(track), bool)
    # Photos in a folder are no film: a face in a single one of them is no ghost, and where none
    # was found none is put in.
    film = info.kind == "video"
    if film:
        drop = ghosts(
            track,
            faces.frame,
            faces.confidence,
            time_s,
            settings.ghost_s,
            settings.ghost_confidence,
        )
        keep = ~drop
    usable = np.isin(faces.status, (FrameStatus.OK, FrameStatus.NO_FACE))
    numbers = _renumbered(track[keep])
    rows = _Rows(
        faces.frame[keep],
        numbers,
        faces.box[keep],
        faces.confidence[keep],
        faces.probabilities[keep],
    ).bridged(time_s, usable, settings.bridge_s if film else 0.0)
    # Crops in a folder are unrelated pictures: what one shows says nothing of the next.
    smooth_s = 0.0 if settings.detector == "none" else settings.smooth_s
    smoothed = rows.raw.copy()
    for _, mine in by_track(rows.face_id):
        smoothed[mine] = smooth(rows.raw[mine], time_s[rows.frame[mine]], smooth_s)
    status = faces.status.copy()
    status[usable] = FrameStatus.NO_FACE
    status[rows.frame] = FrameStatus.OK
    return Timeline(
        name=info.name,
        labels=labels,
        status=status,
        time_s=time_s,
        frame=rows.frame,
        face_id=rows.face_id,
        box=rows.box,
        confidence=rows.confidence,
        smoothed=smoothed,
        raw=rows.raw,
        files=info.files,
        warnings=info.warnings,
    )


def _renumbered(track: np.ndarray) -> np.ndarray:
    """Numbers from 1 without gaps. Tracks are in order of appearance, from left to right."""
    return np.unique(track, return_inverse=True)[1].astype(np.int64) + 1


class _Rows:
    """The per-face columns while they are put together."""

    def __init__(
        self,
        frame: np.ndarray,
        face_id: np.ndarray,
        box: np.ndarray,
        confidence: np.ndarray,
        raw: np.ndarray,
    ) -> None:
        order = np.lexsort((face_id, frame))
        self.frame, self.face_id = frame[order], face_id[order]
        self.box, self.confidence, self.raw = box[order], confidence[order], raw[order]

    def bridged(self, time_s: np.ndarray, usable: np.ndarray, longest_s: float) -> _Rows:
        """With rows for short misses: box and probabilities between both sights, confidence 0."""
        columns = [[self.frame], [self.face_id], [self.box], [self.confidence], [self.raw]]
        for number, mine in by_track(self.face_id):
            frames, before, share = missing_rows(self.frame[mine], time_s, usable, longest_s)
            first, last = mine[before], mine[before + 1] if len(before) else mine[:0]
            mixed = share[:, None].astype(np.float32)
            additions = (
                frames,
                np.full(len(frames), number, np.int64),
                self.box[first] + (self.box[last] - self.box[first]) * mixed,
                np.zeros(len(frames), np.float32),
                self.raw[first] + (self.raw[last] - self.raw[first]) * mixed,
            )
            for column, addition in zip(columns, additions, strict=True):
                column.append(addition)
        return _Rows(*(np.concatenate(column) for column in columns))
