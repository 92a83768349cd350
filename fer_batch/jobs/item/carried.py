"""Numbers that people of an input had in results that are replaced: who is in the same place at the
same time is the same person, also where nothing is kept that people are recognised by."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fer_batch.errors import UnreadableError
from fer_batch.timeline_file import ANALYSED, PRIVATE, read_timeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fer_batch.jobs.item.relation import Member
    from fer_batch.types import Timeline

OVERLAP = 0.5  # of two boxes, intersection over union, that are of one face


def numbers_before(
    member: Member, summary: Mapping[str, Any], known: Mapping[int, int], wanted: Collection[int]
) -> dict[int, int]:
    """The person of those of ``wanted`` (numbers of the input's own analysis) who had one before.

    ``known``: the person by the number of the earlier analysis, ``summary`` of which tells of the
    same content, or nobody is known.
    """
    told = summary.get("input")
    if not known or not wanted or not isinstance(told, dict):
        return {}
    if told.get("sha256") != member.work.read_plan().input_sha256:
        return {}
    with suppress(UnreadableError):
        before = read_timeline(member.work.out / ANALYSED, without=PRIVATE)
        pairs = same_faces(before, member.timeline())
        return {n: known[old] for n, old in pairs.items() if n in wanted and old in known}
    return {}


def same_faces(before: Timeline, now: Timeline) -> dict[int, int]:
    """Who of ``now`` is who of ``before``, by their numbers; each at most once."""
    import numpy as np

    from fer_batch.faces.interpolate import paired_iou

    if not np.array_equal(before.time_s, now.time_s) or before.files != now.files:
        return {}  # another part, or other photos
    votes: dict[tuple[int, int], float] = {}
    first = np.searchsorted(before.frame, now.frame, side="left")
    last = np.searchsorted(before.frame, now.frame, side="right")
    theirs, mine = before.identities(), now.identities()
    for step in range(int((last - first).max(initial=0))):
        rows = np.flatnonzero(first + step < last)
        other = first[rows] + step
        shares = paired_iou(now.box[rows], before.box[other]).round(4).tolist()
        pairs = zip(mine[rows].tolist(), theirs[other].tolist(), strict=True)
        for pair, share in zip(pairs, shares, strict=True):
            if share > OVERLAP:
                votes[pair] = votes.get(pair, 0.0) + share
    found: dict[int, int] = {}
    for (new, old), _ in sorted(votes.items(), key=lambda each: (-each[1], each[0])):
        if min(new, old) >= 0 and new not in found and old not in found.values():
            found[new] = old
    return found
