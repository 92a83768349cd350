"""What corrections of films and of photos have in common."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fer_batch.same_name import folded
from fer_batch.types import BoolArray, FrameStatus, Timeline


def without(timeline: Timeline, rows: BoolArray) -> Timeline:
    """``timeline`` without the faces ``rows``; pictures that have none left are without a face."""
    kept = timeline.of_faces(~rows)
    status = kept.status.copy()
    emptied = np.setdiff1d(timeline.frame[rows], kept.frame)
    status[emptied] = FrameStatus.NO_FACE
    # They are still in the picture: where others are blurred, so are they.
    faces = zip(timeline.frame[rows].tolist(), timeline.box[rows].tolist(), strict=True)
    gone = [(frame, x, y, w, h) for frame, (x, y, w, h) in faces]
    return replace(kept, status=status, hidden=tuple(sorted((*timeline.hidden, *gone))))


def labelled(timeline: Timeline, rows: BoolArray, label: str) -> Timeline:
    """``timeline`` whose faces ``rows`` have ``label``; the raw values stay.

    Raises:
        ValueError: there is no such label.
    """
    if label not in timeline.labels:
        raise ValueError(f"there is no label {label!r}; there are {', '.join(timeline.labels)}")
    smoothed = timeline.smoothed.copy()
    smoothed[rows] = 0
    smoothed[rows, timeline.labels.index(label)] = 1
    return replace(timeline, smoothed=smoothed)


def called(timeline: Timeline, person: int, name: str) -> Timeline:
    """``timeline`` in which ``person`` has that name.

    Raises:
        ValueError: somebody else has it.
    """
    for other, taken in timeline.names.items():
        if folded(taken) == folded(name) and other != person:
            raise ValueError(
                f"person {other} is called {taken!r} already; merge them if they are one"
            )
    return replace(timeline, names={**timeline.names, person: name})


def names_as_one(
    timeline: Timeline, person: int, rows: BoolArray, other: int, theirs: BoolArray
) -> dict[int, str]:
    """The names when ``person``, whose faces are ``rows``, is the same as ``other`` (``theirs``),
    who keeps a name that is there already.

    Raises:
        ValueError: both are in one picture.
    """
    both = np.intersect1d(timeline.frame[rows], timeline.frame[theirs])
    if len(both):
        first = int(both[0])
        where = repr(timeline.files[first]) if timeline.is_photos else f"frame {first}"
        raise ValueError(
            f"persons {person} and {other} are both in {where}; they cannot be one person"
        )
    names = dict(timeline.names)
    if person in names:
        names.setdefault(other, names.pop(person))
    return names
