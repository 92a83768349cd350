"""Corrections by hand: read as a whole, applied as a whole, and nothing else is changed."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.corrections.apply import corrected
from fer_batch.corrections.read import NAME, Edit, parse_edits, read_edits
from fer_batch.errors import UsageError
from fer_batch.types import FrameStatus, Timeline
from tests.output.timelines import timeline, timelines

SAID = ("name,2,,,Ben", "main,2,,,")  # before what is wrong
HEADER = "do,person,start_s,end_s,value"


def edited(made: Timeline, *lines: str) -> Timeline:
    return corrected(made, parse_edits((HEADER, *lines)))


def seen(made: Timeline, person: int) -> list[int]:
    return made.frame[made.face_id == person].tolist()


def test_two_numbers_of_one_person_become_one() -> None:
    found = edited(timeline("hh....", "...ss.", "nnnnnn"), "merge,2,,,1")
    assert (seen(found, 1), seen(found, 2), seen(found, 3)) == ([0, 1, 3, 4], [], [*range(6)])
    assert found.emotion[found.face_id == 1].tolist() == [0, 0, 1, 1]


def test_one_number_of_two_people_is_split_at_a_time() -> None:
    found = edited(timeline("hhhhhh", "nnnnnn"), "split,1,0.3,,")
    assert (seen(found, 1), seen(found, 3)) == ([0, 1, 2], [3, 4, 5])
    within = edited(timeline("hhhhhh", "nnnnnn"), "split,1,0.1,0.3,")
    assert (seen(within, 1), seen(within, 3)) == ([0, 3, 4, 5], [1, 2])


def test_who_is_hidden_is_nowhere() -> None:
    found = edited(timeline("hhhh", "..nn"), "hide,1,,,")
    assert found.face_id.tolist() == [2, 2]
    assert found.status.tolist() == [FrameStatus.NO_FACE] * 2 + [FrameStatus.OK] * 2


def test_a_span_that_is_ignored_is_not_counted() -> None:
    found = edited(timeline("hhhh", "nnnn"), "ignore,,0.1,0.3,")
    assert found.status.tolist() == [0, FrameStatus.SKIPPED, FrameStatus.SKIPPED, 0]
    assert sorted(set(found.frame.tolist())) == [0, 3]
    assert seen(edited(timeline("hhhh", "nnnn"), "ignore,2,0.1,0.3,"), 2) == [0, 3]


def test_a_label_is_corrected_and_the_raw_value_stays() -> None:
    before = timeline("hhhh")
    found = edited(before, "label,1,0.1,0.3,sad")
    assert found.emotion.tolist() == [0, 1, 1, 0]
    np.testing.assert_allclose(found.smoothed.sum(axis=1), 1)
    assert np.array_equal(found.raw, before.raw)


def test_each_line_sees_what_those_before_have_made() -> None:
    found = edited(timeline("hhhh", "...."), "split,1,0.2,,", "hide,2,,,")
    assert seen(found, 1) == [0, 1] and len(found.frame) == 2


def test_people_have_names_and_one_is_the_main_person() -> None:
    found = edited(timeline("hhhh", "nnnn"), "name,2,,,Anna B.", "main,2,,,")
    assert (found.called(1), found.called(2), found.main) == ("Person 1", "Anna B.", 2)
    assert found.table()["name"].tolist() == ["", "Anna B."] * 4
    again = edited(timeline("hhhh", "nnnn"), "name,2,,,Anna", "name,2,,,Zoë")
    assert again.names == {2: "Zoë"}


def test_names_go_with_their_people() -> None:
    two = timeline("hh....", "...ss.", "nnnnnn")
    merged = edited(two, "name,2,,,Anna", "main,2,,,", "merge,2,,,1")
    assert (merged.names, merged.main) == ({1: "Anna"}, 1)
    kept = edited(two, "name,2,,,Anna", "name,1,,,Ben", "merge,2,,,1")
    assert kept.names == {1: "Ben"}
    gone = edited(two, "name,2,,,Anna", "main,2,,,", "hide,2,,,")
    assert (gone.names, gone.main) == ({}, 0)


def test_a_number_that_is_given_again_has_nothing_of_who_had_it() -> None:
    two = timeline("hhhhhh", "nnnnnn")
    found = edited(two, "name,2,,,Anna", "main,2,,,", "hide,2,,,", "split,1,0.3,,")
    assert seen(found, 2) == [3, 4, 5]
    assert (found.names, found.main) == ({}, 0)
    # The name and the place are free for somebody else.
    found = edited(two, "name,2,,,Anna", "main,2,,,", "hide,2,,,", "name,1,,,Anna", "main,1,,,")
    assert (found.names, found.main) == ({1: "Anna"}, 1)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("merge,1,,,2", "both in frame 0"),
        ("merge,9,,,1", "no person 9"),
        ("merge,1,,,9", "no person 9"),
        ("merge,1,,,1", "with themselves"),
        ("merge,1,,,Anna", "'Anna', not a number of a person"),
        ("split,1,,,", "split needs start_s"),
        ("split,1,0,,", "nothing to split"),
        ("hide,1,7,9,", "not there at that time"),
        ("hide,1,2,1,", "later than start_s"),
        ("hide,1,soon,,", "'soon', not seconds"),
        ("hide,-1,,,", "'-1', not a number"),
        ("hide,1,,,2", "takes no value"),
        ("ignore,,5,6,", "no frame at that time"),
        ("label,1,,,cheerful", "no label 'cheerful'"),
        ("paint,1,,,", "unknown action 'paint'; there are merge"),
        ("hide,1,,,,,", "more cells"),
        ("name,1,,,", "name needs value"),
        ("name,9,,,Anna", "no person 9"),
        ("name,1,0,,Anna", "takes no start_s"),
        ("name,1,,,12", "'12', which is not a name; numbers"),
        ("name,1,,,Others", "'Others', which is not a name; numbers"),
        ("name,1,,,A\x1b[2J", "invisible characters"),
        (f"name,1,,,{'a' * 61}", "1 to 60 characters"),
        ("name,1,,,ben", "person 2 is called 'Ben'"),
        ("main,9,,,", "no person 9"),
        ("main,1,,,", "person 2 is the main person"),
        ("main,,,,", "main needs person"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_applied(line: str, words: str) -> None:
    made = timeline("hhhh", "nnnn")
    with pytest.raises(UsageError, match=f"edits.csv line 5: .*{words}"):
        edited(made, *SAID, "label,1,,,sad", line)
    assert made.emotion[made.face_id == 1].tolist() == [0] * 4


def test_the_file_is_read_as_people_write_it(tmp_path: Path) -> None:
    assert read_edits(tmp_path) == ()
    path = tmp_path / NAME
    text = "\ufeffdo,person,value\r\n\r\n# a note\r\nMERGE, 2 ,1\r\nlabel,1,sad\r\n"
    path.write_bytes(text.encode())
    found = parse_edits(read_edits(tmp_path))
    assert [(e.do, e.person, e.value, e.line) for e in found] == [
        ("merge", 2, "1", 4),
        ("label", 1, "sad", 5),
    ]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_file_that_a_spreadsheet_of_another_country_saved(separator: str, tmp_path: Path) -> None:
    lines = ("do,person,start_s,end_s,value", "# a note", "label,1,2.5,12,happy", "name,2,,,Ann O")
    (tmp_path / NAME).write_text(
        "\r\n".join(lines)
        .replace(",", separator)
        .replace("2.5", "2,5")
        .replace("Ann O", '"O, Ann"')
    )
    read = read_edits(tmp_path)
    assert [(e.do, e.start_s, e.end_s, e.value, e.line) for e in parse_edits(read)] == [
        ("label", 2.5, 12, "happy", 3),
        ("name", 0, math.inf, "O, Ann", 4),
    ]
    assert read[2] == "label,1,2.5,12,happy"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"do,person\nhide," + b"1" * 200_000, "is no table"),
        (b"do;person\nhide;" + b"1" * 200_000, "is no table"),
        (b"person,name\n1,Anna\n", "line 1: the columns must be do,person"),
        ("do,person\nhide,Ä".encode("utf-16"), "not UTF-8"),
        (b"do,person\n" + b"#" * (1 << 20), "larger than a megabyte"),
        (b"do,person\nhide,all\n", "line 2: person is 'all'"),
    ],
)
def test_another_file_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(UsageError, match=words):
        read_edits(tmp_path)


def test_a_device_in_a_strangers_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / NAME).symlink_to("/dev/null")
    with pytest.raises(UsageError, match=f"{NAME}: is not a regular file"):
        read_edits(tmp_path)
    (tmp_path / NAME).unlink()
    (tmp_path / "elsewhere").write_text("do,person\nhide,1\n")
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=f"{NAME}: is not a regular file but a link"):
        read_edits(tmp_path)


@settings(max_examples=60)
@given(timelines(), st.data())
def test_whatever_is_corrected_stays_a_timeline(made: Timeline, data: st.DataObject) -> None:
    if not len(made.frame):
        return
    one = data.draw(st.sampled_from(sorted(set(made.face_id.tolist()))))
    do = data.draw(st.sampled_from(["hide", "label", "split", "merge"]))
    value = {"merge": str(data.draw(st.integers(1, 5))), "label": made.labels[0]}.get(do, "")
    edit = Edit(do, one, 0.5 if do == "split" else 0.0, math.inf, value, 2)
    try:
        found = corrected(made, [edit])
    except UsageError:
        return
    keys = list(zip(found.frame.tolist(), found.face_id.tolist(), strict=True))
    assert keys == sorted(set(keys))
    shown = set(found.frame.tolist())
    assert shown == set(np.flatnonzero(found.status == FrameStatus.OK).tolist())
    assert len(found.frame) == len(made.frame) - (do == "hide") * int((made.face_id == one).sum())
