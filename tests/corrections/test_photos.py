"""Corrections of photos: of one face in one photo, of a person in all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fer_batch.corrections.apply import corrected
from fer_batch.corrections.read import parse_edits
from fer_batch.errors import UsageError
from fer_batch.printable import cell
from fer_batch.types import FrameStatus, Timeline
from tests.output.timelines import timeline

HEADER = "do,person,start_s,end_s,value,photo"
FILES = ("a.jpg", "b, c.jpg", "d.jpg")


def album(person: list[int] | None = None) -> Timeline:
    """Three photos: two faces, two faces, one. ``person``: of each face, by photo and number."""
    made = timeline("hhh", "ss.", time_s=np.full(3, np.nan), files=FILES)
    return replace(made, person=np.array(person)) if person else made


def edited(made: Timeline, *lines: str) -> Timeline:
    return corrected(made, parse_edits((HEADER, *lines)))


def faces(made: Timeline) -> list[tuple[int, int]]:
    return list(zip(made.frame.tolist(), made.face_id.tolist(), strict=True))


def test_a_label_is_corrected_in_one_photo() -> None:
    before = album()
    found = edited(before, 'label,2,,,happy,"b, c.jpg"')
    assert faces(found) == faces(before)
    assert found.emotion.tolist() == [0, 1, 0, 0, 0] != before.emotion.tolist()
    assert np.array_equal(found.raw, before.raw)


def test_a_photo_is_known_by_what_tables_call_it() -> None:
    made = timeline("hhh", time_s=np.full(3, np.nan), files=("=1.jpg", "a\nb.jpg", "c.jpg"))
    table = made.table()["file"].tolist()
    shown = [cell(file) for file in table]
    assert shown[0] == "'=1.jpg" and shown[1] != table[1]
    for names in (shown[:1], shown[1:2], ["=1.jpg"]):
        found = edited(made, *(f"ignore,,,,,{name}" for name in names))
        at = 1 if names == shown[1:2] else 0
        assert found.status.tolist().index(FrameStatus.SKIPPED) == at
    # The very name goes first; two photos that look alike are not guessed.
    two = replace(made, files=("=1.jpg", "'=1.jpg", "c.jpg"))
    found = edited(two, "ignore,,,,,'=1.jpg")
    assert found.status.tolist() == [FrameStatus.OK, FrameStatus.SKIPPED, FrameStatus.OK]


def test_a_face_is_left_out_of_one_photo_and_a_person_of_all() -> None:
    found = edited(album(), "hide,1,,,,a.jpg", "hide,1,,,,d.jpg")
    assert faces(found) == [(0, 2), (1, 1), (1, 2)]
    assert found.status.tolist() == [FrameStatus.OK, FrameStatus.OK, FrameStatus.NO_FACE]
    assert [face[0] for face in found.hidden] == [0, 2]
    everywhere = edited(album([3, 4, 4, 3, -1]), "hide,3,,,,")
    assert faces(everywhere) == [(0, 2), (1, 1), (2, 1)]


def test_a_photo_or_a_face_in_it_is_not_counted() -> None:
    found = edited(album(), "ignore,,,,,d.jpg", "ignore,2,,,,a.jpg")
    assert faces(found) == [(0, 1), (1, 1), (1, 2)]
    assert found.status.tolist() == [FrameStatus.OK, FrameStatus.OK, FrameStatus.SKIPPED]
    assert [face[0] for face in found.hidden] == [0, 2]  # and blurred, where faces are


def test_people_are_merged_named_and_told_apart_across_photos() -> None:
    made = album([3, 4, -1, 3, 5])
    found = edited(made, "name,5,,,Anna,", "merge,5,,,3,", "split,2,,,,a.jpg")
    assert found.person.tolist() == [3, -1, -1, 3, 3]
    assert found.names == {3: "Anna"}
    kept = edited(made, "name,4,,,Ben,", "hide,2,,,,a.jpg")
    assert kept.names == {}  # nobody is called so any more


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("label,1,,,happy,e.jpg", "there is no photo 'e.jpg'"),
        ("label,2,,,happy,d.jpg", "there is no face 2 in 'd.jpg'"),
        ("label,1,,,merry,d.jpg", "there is no label 'merry'"),
        ("label,3,,,happy,", "label needs a photo"),
        ("split,3,0.5,,,", "photos have no times"),
        ("hide,3,,2,,", "photos have no times"),
        ("hide,1,0,2,,a.jpg", "hide takes no end_s and no start_s"),
        ("main,3,,,,", "photos have no main person"),
        ("merge,3,,,4,", "both in 'a.jpg'"),
        ("merge,3,,,9,", "there is no person 9"),
        ("name,3,,,Anna,a.jpg", "leave photo empty"),
        ("split,1,,,,d.jpg", "nobody who was recognised"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_done(line: str, words: str) -> None:
    made = album([3, 4, 3, 4, -1])
    with pytest.raises(UsageError, match=f"line 3: .*{words}"):
        edited(made, "name,3,,,Cleo,", line)
    assert made.names == {}


def test_a_number_is_nobody_where_people_were_not_compared() -> None:
    with pytest.raises(UsageError, match="nobody is recognised in these photos"):
        edited(album(), "name,1,,,Anna,")


def test_a_film_has_no_photos() -> None:
    with pytest.raises(UsageError, match="this is a film"):
        edited(timeline("hhh"), "hide,1,,,,a.jpg")
