"""Makes faces unrecognisable, for good: the detail is gone from the picture, not covered."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from fer_batch.errors import InputError
from fer_batch.output.people import by_weight, people
from fer_batch.printable import one_line
from fer_batch.same_name import folded
from fer_batch.types import FrameStatus

if TYPE_CHECKING:
    from fer_batch.config import RenderSettings
    from fer_batch.i420 import Planes
    from fer_batch.types import BoolArray, FloatArray, Image, Timeline

MARGIN = 0.3
CELLS = 6
REACH_S = 0.25
KEPT_AREA = 10_000


def covered_faces(
    timeline: Timeline, settings: RenderSettings, photos: bool = False
) -> BoolArray | None:
    """Which faces are to be made unrecognisable: ``bool[n]``; None where none is.

    ``others`` spares the main person: who was said to be, else who is seen longest. Photos have no
    main person; where people in them were compared, some may be meant, and whose face shows too
    little to be recognised is blurred as well: it may be one of them.

    Raises:
        InputError: somebody is not there, or these are photos of whom that is not known.
    """
    if not settings.blurs:
        return None
    who = [folded(one) for one in settings.blur]
    if settings.blur_faces or who == ["all"]:
        return np.ones(len(timeline.face_id), bool)
    if photos and (who == ["others"] or not timeline.compared):
        raise InputError(
            "--blur: photos have no main person; name who is meant, or blur all"
            if who == ["others"]
            else "--blur: nobody is recognised in these photos; analyse them with --identity batch "
            "or --who, or blur all"
        )
    if who == ["others"]:
        return timeline.face_id != _main_person(timeline)
    numbers = timeline.person if photos else timeline.face_id
    called = {folded(name): number for number, name in timeline.names.items()}
    called |= {str(number): number for number in np.unique(numbers).tolist() if number >= 0}
    if missing := [name for name in settings.blur if folded(name) not in called]:
        raise InputError(
            f"--blur: there is no person {one_line(missing[0])} here; people are called "
            f"{', '.join(timeline.names.values()) or 'by their numbers'} (edits.csv gives names)"
        )
    meant = np.isin(numbers, [called[one] for one in who])
    return meant | (numbers < 0) if photos else meant


def hidden_boxes(timeline: Timeline, frame: int, reach_s: float) -> FloatArray:
    """Where faces that somebody took out of the results are within ``reach_s`` seconds of
    ``frame``: ``float32[n, 4]``. A passer-by is nobody in tables, but still in the picture."""
    if not timeline.hidden:
        return np.zeros((0, 4), np.float32)
    time, now = timeline.time_s, timeline.time_s[frame]
    first = bisect_left(timeline.hidden, (int(time.searchsorted(now - reach_s)),))
    last = bisect_left(timeline.hidden, (int(time.searchsorted(now + reach_s, side="right")),))
    return np.array([face[1:] for face in timeline.hidden[first:last]], np.float32).reshape(-1, 4)


def _main_person(timeline: Timeline) -> int:
    persons = by_weight(timeline, people(timeline))
    return timeline.main or (persons[0].face_id if persons else 0)


def unseen_boxes(
    timeline: Timeline, frame: int, reach_s: float = REACH_S, covered: BoolArray | None = None
) -> FloatArray:
    """Where people who were not found in ``frame`` are, to be blurred as well: ``float32[n, 4]``.

    A face turns away, or the frame was skipped (``--every``), and it is still in the picture: the
    boxes of such people in the nearest frames before and after, at most ``reach_s`` seconds away
    or, in a skipped frame, in the analysed frames next to it. ``covered bool[n]``: those who are
    meant; everyone if None.
    """
    time = timeline.time_s
    first = int(time.searchsorted(time[frame] - reach_s))
    last = int(time.searchsorted(time[frame] + reach_s, side="right")) - 1
    if timeline.status[frame] == FrameStatus.SKIPPED:
        analysed = np.flatnonzero(timeline.status != FrameStatus.SKIPPED)
        at = int(analysed.searchsorted(frame))
        first = min(first, int(analysed[at - 1])) if at > 0 else first
        last = max(last, int(analysed[at])) if at < len(analysed) else last
    here = timeline.faces_at(frame)
    before = range(here.start - 1, timeline.faces_at(first).start - 1, -1)
    after = range(here.stop, timeline.faces_at(last).stop)
    rows: list[int] = []
    for side in (before, after):
        met = set(timeline.face_id[here].tolist())
        for row in side:
            person = int(timeline.face_id[row])
            if person not in met:
                met.add(person)
                if covered is None or covered[row]:
                    rows.append(row)
    return timeline.box[rows]


def blur_faces(target: Planes, boxes: FloatArray) -> None:
    """Replace each face by a few blocks of mean colour, smoothly joined, within an ellipse.

    The ellipse reaches ``MARGIN`` of the box beyond it on each side, over hair, ears and chin.
    What is left of a face is ``CELLS`` x ``CELLS`` means, whatever its size, which is far below
    what recognition by people or programs needs; nothing of the rest can be computed back.

    Args:
        boxes: ``float32[n, 4]``, x, y, w, h in pixels; partly or wholly outside is fine.
    """
    import cv2

    height, width = target.luma.shape
    for x, y, w, h in boxes.astype(np.float64):
        left = 2 * int((x - MARGIN * w) // 2)
        top = 2 * int((y - MARGIN * h) // 2)
        right = 2 * int(-((x + w + MARGIN * w) // -2))
        bottom = 2 * int(-((y + h + MARGIN * h) // -2))
        seen = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
        if seen[0] >= seen[2] or seen[1] >= seen[3]:
            continue
        for plane, unit in ((target.luma, 1), (target.cb, 2), (target.cr, 2)):
            x0, y0, x1, y1 = (value // unit for value in seen)
            face = plane[y0:y1, x0:x1]
            size = (x1 - x0, y1 - y0)
            cells = (min(CELLS, size[0]), min(CELLS, size[1]))
            small = cv2.resize(face, cells, interpolation=cv2.INTER_AREA)
            smooth = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
            centre = ((left + right) / 2 / unit - x0, (top + bottom) / 2 / unit - y0)
            axes = ((right - left) / unit, (bottom - top) / unit)
            small = size[0] * size[1] <= KEPT_AREA
            mask = (_kept_ellipse if small else _ellipse)(size, centre, axes)
            cv2.copyTo(smooth, mask, face)


def _ellipse(
    size: tuple[int, int], centre: tuple[float, float], axes: tuple[float, float]
) -> Image:
    import cv2

    mask = np.zeros((size[1], size[0]), dtype=np.uint8)
    cv2.ellipse(mask, (centre, axes, 0.0), 255, cv2.FILLED)
    mask.setflags(write=False)
    return mask


# Both planes of chroma need the same, and a crowd's faces are of few sizes; at most 10 MB.
_kept_ellipse = lru_cache(maxsize=1024)(_ellipse)
