"""Where a track may have gone over to somebody else, and whether it has.

People who cross hide each other, and whoever shows next in the same place carries the number on; so
do two people on either side of a cut that is taken for a change of light. A track is cut into
pieces where its looks, or the whole picture, change at once, and where it was out of sight for
long. Faces of both sides are recognised, and unless they are surely one person the track is parted.
Where one side shows too little to be recognised, it goes on.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fer_batch.groups import by_track
from fer_batch.tracking.cuts import shot_of
from fer_batch.tracking.people import SURELY
from fer_batch.types import FloatArray, HalfArray, IntArray

# Correlation of looks, from one sight to the next, below which it may be somebody else: where the
# next frame shows them, and where frames lie between that do not.
AT_ONCE, AFTER_A_WHILE = 0.65, 0.8
# After so many frames that do not show them, looks do not count: half a face at the edge of the
# picture is much like another.
LONG_AWAY = 6


def appearance_similarity(
    track: IntArray, frame: IntArray, appearance: HalfArray, jumps: IntArray
) -> FloatArray:
    """How alike each face is to the last one of its track: ``float32[n]``, 1 for the first, 0 where
    the whole picture has changed at once.

    ``track``, ``frame int64[n]``; ``appearance float16[n, d]`` unit vectors; ``jumps``: the frames
    that begin with such a change, rising.
    """
    found = np.ones(len(track), np.float32)
    shot = shot_of(frame, jumps)
    for _, mine in by_track(track):
        looks = appearance[mine].astype(np.float32)
        alike = np.einsum("ij,ij->i", looks[1:], looks[:-1])
        found[mine[1:]] = np.where(np.diff(shot[mine]), 0, alike)
    return found


def pieces(track: IntArray, frame: IntArray, like: FloatArray) -> IntArray:
    """The piece of its track that each face is in: ``int64[n]``, numbers of their own.

    ``track``, ``frame int64[n]``, ``like`` of ``appearance_similarity``. A piece ends where the
    next face may be somebody else's.
    """
    found = np.zeros(len(track), np.int64)
    count = 0
    for _, mine in by_track(track):
        step = np.diff(frame[mine], prepend=frame[mine[:1]])
        doubtful = like[mine] < np.where(step > 1, AFTER_A_WHILE, AT_ONCE)
        doubtful |= step > LONG_AWAY
        found[mine] = count + np.cumsum(doubtful)
        count = int(found[mine[-1]]) + 1
    return found


def parted(
    track: IntArray,
    frame: IntArray,
    piece: IntArray,
    like: FloatArray,
    known: Mapping[int, FloatArray],
) -> IntArray:
    """Tracks ``int64[n]`` that are one person each, numbered in order of appearance.

    ``known``: the embedding ``float32[d]`` of each piece that has one. Two that follow each other
    in a track are parted unless they are ``SURELY`` one person: clustering, which knows all tracks,
    joins them again where they are. What lies between, and is not known, goes with the one before
    or after, parted where looks change most.
    """
    found = track.copy()
    following = int(track.max(initial=-1)) + 1
    for _, mine in by_track(track):
        starts = np.flatnonzero(np.diff(piece[mine], prepend=-1))
        if len(starts) == 1:
            continue
        last, before = None, 0
        for place, start in enumerate(starts.tolist()):
            point = known.get(int(piece[mine[start]]))
            if point is None:
                continue
            if last is not None and float(np.linalg.norm(point - last)) > SURELY:
                doubts = mine[starts[before + 1 : place + 1]]
                cut = int(starts[before + 1 + int(like[doubts].argmin())])
                found[mine[cut:]] = following
                following += 1
            last, before = point, place
    return _in_order(found, frame)


def _in_order(track: IntArray, frame: IntArray) -> IntArray:
    """Numbers from 0 in order of appearance; those of one frame in the order that they had."""
    numbers, first, places = np.unique(track, return_index=True, return_inverse=True)
    order = np.lexsort((numbers, frame[first]))
    rank = np.empty(len(numbers), np.int64)
    rank[order] = np.arange(len(numbers))
    return rank[places]
