"""Corrections of a set of photos: of a face in one of them, or of a person in all of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from fer_batch.corrections.read import IN_A_PHOTO, Edit
from fer_batch.corrections.steps import called, labelled, names_as_one, without
from fer_batch.printable import cell
from fer_batch.types import BoolArray, FrameStatus, Timeline


def corrected_photos(timeline: Timeline, edit: Edit) -> Timeline:
    """``timeline``, of photos, with one correction.

    Raises:
        ValueError: it cannot be applied.
    """
    if edit.do == "main":
        raise ValueError("photos have no main person")
    if edit.start_s > 0 or edit.end_s < math.inf:
        raise ValueError("photos have no times; say which photo")
    rows = _in_one(timeline, edit) if edit.photo else _in_all(timeline, edit)
    if edit.do == "ignore" and not edit.person:
        kept = without(timeline, rows)
        status = kept.status.copy()
        status[_photo(timeline, edit.photo)] = FrameStatus.SKIPPED
        return replace(kept, status=status)
    if edit.do in ("hide", "ignore"):
        return without(timeline, rows)
    if edit.do == "label":
        return labelled(timeline, rows, edit.value)
    if edit.do == "name":
        return called(timeline, edit.person, edit.value)
    if edit.do == "split":  # who it is instead is not known
        return replace(timeline, person=np.where(rows, -1, timeline.person))
    return _merged(timeline, edit, rows)


def _in_one(timeline: Timeline, edit: Edit) -> BoolArray:
    """The faces of a photo that a correction is about: ``bool[n]``.

    Raises:
        ValueError: there is no such photo, or no such face in it.
    """
    here = timeline.frame == _photo(timeline, edit.photo)
    if not edit.person:
        return here
    rows = here & (timeline.face_id == edit.person)
    if not rows.any():
        raise ValueError(f"there is no face {edit.person} in {edit.photo!r}")
    if edit.do == "split" and timeline.person[rows].max() < 0:
        raise ValueError(f"face {edit.person} in {edit.photo!r} is nobody who was recognised")
    return rows


def _photo(timeline: Timeline, name: str) -> int:
    """Which photo is called ``name``, or is so in tables, where ``=1.jpg`` is ``'=1.jpg``.

    Raises:
        ValueError: there is none.
    """
    if name in timeline.files:
        return timeline.files.index(name)
    shown = [at for at, file in enumerate(timeline.files) if cell(file) == name]
    if len(shown) != 1:
        raise ValueError(f"there is no photo {name!r}")
    return shown[0]


def _in_all(timeline: Timeline, edit: Edit) -> BoolArray:
    """The faces of a person: ``bool[n]``.

    Raises:
        ValueError: a photo has to be named, or there is no such person.
    """
    if edit.do in IN_A_PHOTO and edit.do != "hide":
        raise ValueError(f"{edit.do} needs a photo here")
    if not timeline.compared:
        raise ValueError(
            "nobody is recognised in these photos, so that a number is not a person; "
            "analyse them with --identity batch"
        )
    return _of(timeline, edit.person)


def _of(timeline: Timeline, person: int) -> BoolArray:
    rows: BoolArray = timeline.person == person
    if not rows.any():
        raise ValueError(f"there is no person {person}")
    return rows


def _merged(timeline: Timeline, edit: Edit, rows: BoolArray) -> Timeline:
    other = int(edit.value)
    names = names_as_one(timeline, edit.person, rows, other, _of(timeline, other))
    return replace(timeline, person=np.where(rows, other, timeline.person), names=names)
