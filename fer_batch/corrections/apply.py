"""Corrections applied to a timeline, all or none: every table, page and video is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fer_batch.corrections.photos import corrected_photos
from fer_batch.corrections.read import NAME, Edit, at
from fer_batch.corrections.steps import called, labelled, names_as_one, without
from fer_batch.errors import UsageError
from fer_batch.types import BoolArray, FrameStatus, Timeline


def corrected(timeline: Timeline, edits: Sequence[Edit], where: str = NAME) -> Timeline:
    """``timeline`` with ``edits`` applied one after another, each to what those before have made.

    Raises:
        UsageError: one cannot be applied; its line is named, and nothing has been changed.
    """
    for edit in edits:
        before = timeline
        try:
            if timeline.is_photos:
                timeline = corrected_photos(timeline, edit)
            else:
                timeline = _ACTIONS[edit.do](timeline, edit, _rows(timeline, edit))
            timeline = _without_gone(timeline, before)
        except ValueError as error:
            raise UsageError(f"{at(where, edit.line)}: {error}") from error
    there = set(timeline.identities().tolist())  # who was hidden altogether is nobody
    names = {face: name for face, name in timeline.names.items() if face in there}
    return replace(timeline, names=names, main=timeline.main if timeline.main in there else 0)


def _without_gone(timeline: Timeline, before: Timeline) -> Timeline:
    """Whoever gets the number of somebody who is gone has neither their name nor their place."""
    gone = set(before.identities().tolist()) - set(timeline.identities().tolist())
    names = {person: name for person, name in timeline.names.items() if person not in gone}
    return replace(timeline, names=names, main=0 if timeline.main in gone else timeline.main)


def _rows(timeline: Timeline, edit: Edit) -> BoolArray:
    """Which faces a correction is about: ``bool[n]``.

    Raises:
        ValueError: there is no such person, or not at that time; or it is about a photo.
    """
    if edit.photo:
        raise ValueError("this is a film, not a set of photos; say start_s and end_s")
    times = timeline.time_s[timeline.frame]
    during = (times >= edit.start_s) & (times < edit.end_s)
    if not edit.person:
        return during
    theirs = timeline.face_id == edit.person
    if not theirs.any():
        raise ValueError(f"there is no person {edit.person}")
    if not (theirs & during).any():
        raise ValueError(f"person {edit.person} is not there at that time")
    return theirs & during


def _merge(timeline: Timeline, edit: Edit, rows: BoolArray) -> Timeline:
    other = int(edit.value)
    theirs = timeline.face_id == other
    if not theirs.any():
        raise ValueError(f"there is no person {other}")
    names = names_as_one(timeline, edit.person, rows, other, theirs)
    main = other if timeline.main == edit.person else timeline.main
    face_id = np.where(rows, other, timeline.face_id)
    person = np.where(rows, timeline.person[theirs].max(), timeline.person)
    return replace(timeline, face_id=face_id, person=person, names=names, main=main).in_order()


def _split(timeline: Timeline, edit: Edit, rows: BoolArray) -> Timeline:
    if rows.sum() == (timeline.face_id == edit.person).sum():
        raise ValueError(
            f"person {edit.person} is there at no other time; there is nothing to split"
        )
    new = int(timeline.face_id.max()) + 1
    face_id = np.where(rows, new, timeline.face_id)
    person = np.where(rows, -1, timeline.person)  # who it is elsewhere is not known
    return replace(timeline, face_id=face_id, person=person).in_order()


def _hide(timeline: Timeline, edit: Edit, rows: BoolArray) -> Timeline:
    return without(timeline, rows)


def _ignore(timeline: Timeline, edit: Edit, rows: BoolArray) -> Timeline:
    if edit.person:
        return _hide(timeline, edit, rows)
    during = (timeline.time_s >= edit.start_s) & (timeline.time_s < edit.end_s)
    if not during.any():
        raise ValueError("there is no frame at that time")
    status = np.where(during, FrameStatus.SKIPPED, timeline.status).astype(np.int64)
    return replace(timeline.of_faces(~rows), status=status)


def _label(timeline: Timeline, edit: Edit, rows: BoolArray) -> Timeline:
    return labelled(timeline, rows, edit.value)


def _name(timeline: Timeline, edit: Edit, rows: BoolArray) -> Timeline:
    return called(timeline, edit.person, edit.value)


def _main(timeline: Timeline, edit: Edit, rows: BoolArray) -> Timeline:
    if timeline.main not in (0, edit.person):
        raise ValueError(f"person {timeline.main} is the main person already; there is one")
    return replace(timeline, main=edit.person)


_ACTIONS = {
    "merge": _merge,
    "split": _split,
    "hide": _hide,
    "ignore": _ignore,
    "label": _label,
    "name": _name,
    "main": _main,
}
