"""How alike two timelines of one input are."""

from __future__ import annotations

from fer_batch.faces.interpolate import iou
from fer_batch.types import Timeline

SAME_BOX = 0.8


def share_equal(one: Timeline, other: Timeline) -> float:
    """Share of frames with as many faces, each at the same place (IoU) and with the same label."""
    equal = sum(_equal(one, other, frame) for frame in range(len(one)))
    return equal / max(len(one), 1)


def _equal(one: Timeline, other: Timeline, frame: int) -> bool:
    mine, theirs = one.faces_at(frame), other.faces_at(frame)
    boxes, others = one.box[mine], other.box[theirs]
    if len(boxes) != len(others):
        return False
    if not len(boxes):
        return True
    overlap = iou(boxes, others)
    match = overlap.argmax(axis=1)
    same_place = (overlap.max(axis=1) >= SAME_BOX).all() and len(set(match.tolist())) == len(match)
    return bool(same_place and (one.emotion[mine] == other.emotion[theirs][match]).all())
