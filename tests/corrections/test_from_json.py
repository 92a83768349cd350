"""Corrections as JSON: the same door, the same checks; a wrong entry is named by its number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fer_batch.corrections.apply import corrected
from fer_batch.corrections.from_json import NAME
from fer_batch.corrections.read import NAME as TABLE
from fer_batch.corrections.read import edits_file, parse_edits, read_edits, text_of
from fer_batch.errors import UsageError
from tests.output.timelines import timeline

ENTRIES: list[dict[str, Any]] = [
    {"do": "name", "person": 1, "value": "O, Ann"},
    {"do": "split", "person": 1, "start_s": 0.2},
    {"do": "ignore", "start_s": "0.1", "end_s": 0.15, "person": None},
    {"do": "MERGE", "person": 2, "value": 1},
    {"do": "label", "person": 3, "value": "sad", "photo": ""},
]
LINES = (
    "do,person,start_s,end_s,value",
    'name,1,,,"O, Ann"',
    "split,1,0.2,,",
    "ignore,,0.1,0.15,",
    "merge,2,,,1",
    "label,3,,,sad",
)


def written(folder: Path, entries: object) -> Path:
    (folder / NAME).write_text(json.dumps(entries))
    return folder


def test_they_are_the_corrections_of_a_table(tmp_path: Path) -> None:
    found = parse_edits(read_edits(written(tmp_path, ENTRIES)))
    assert found == parse_edits(LINES)
    assert read_edits(written(tmp_path, [])) == ()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"do": "hide"}, "hide needs person"),
        ({"do": "paint", "person": 1}, "unknown action 'paint'; there are merge"),
        ({"do": "# hide", "person": 1}, "unknown action '# hide'"),
        ({"person": 1}, "says nothing in do"),
        ({}, "says nothing in do"),
        (["hide", 1], 'is no object, such as {"do": "hide", "person": 4}'),
        ({"do": "hide", "persons": 1}, "unknown name 'persons'; there are do, person"),
        ({"do": "hide", "person": True}, "person is neither text nor a number"),
        ({"do": "hide", "person": 1.5}, "'1.5', not a number of a person"),
        ({"do": "hide", "person": [1]}, "person is neither text nor a number"),
        ({"do": "hide", "person": -1}, "'-1', not a number"),
        ({"do": "hide", "person": 1, "start_s": 2, "end_s": 1}, "later than start_s"),
        ({"do": "name", "person": 1, "value": "A\nB"}, "value holds a line break"),
        ({"do": "name", "person": 1, "value": "12"}, "'12', which is not a name"),
    ],
)
def test_a_wrong_entry_is_named(entry: object, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        read_edits(written(tmp_path, [*ENTRIES, entry]))
    assert f"{NAME} entry 6: " in str(error.value) and words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"do,person\nhide,1\n", "not JSON"),
        (b'{"do": "hide", "person": 1}', "not a list"),
        (b"[[[[[]]]]]", "nested deeper"),
        (b"[NaN]", "not a number"),
        ("[]".encode("utf-16")[2:], "not JSON|not a list|entry|write a list"),
        (b"[" + b" " * (1 << 20) + b"]", "larger than a megabyte"),
    ],
)
def test_what_is_no_list_of_corrections_is_refused(
    content: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / NAME).write_bytes(content)
    if content.startswith(b"[\0"):  # UTF-16, which JSON may be
        assert read_edits(tmp_path) == ()
        return
    with pytest.raises(UsageError, match=words):
        read_edits(tmp_path)


def test_two_files_are_one_clear_line(tmp_path: Path) -> None:
    (written(tmp_path, ENTRIES) / TABLE).write_text("do,person\n")
    with pytest.raises(UsageError, match=r"holds edits\.csv and edits\.json; keep one of them"):
        read_edits(tmp_path)


def test_a_link_or_device_is_not_read(tmp_path: Path) -> None:
    (tmp_path / NAME).symlink_to("/dev/null")
    with pytest.raises(UsageError, match=f"{NAME}: is not a regular file"):
        read_edits(tmp_path)


def test_one_that_cannot_be_applied_is_named_by_its_entry() -> None:
    entry = ("do,person,start_s,end_s,value", "hide,9,,,")
    with pytest.raises(UsageError, match=r"x/edits\.json entry 1: there is no person 9"):
        corrected(timeline("hhhh"), parse_edits(entry), "x/edits.json")


def test_lines_are_written_back_as_entries(tmp_path: Path) -> None:
    path = edits_file(written(tmp_path, ENTRIES))
    path.write_text(text_of((*LINES[:2], "", *LINES[2:]), path))
    assert json.loads(path.read_text())[1] == {"do": "split", "person": 1, "start_s": 0.2}
    assert parse_edits(read_edits(tmp_path)) == parse_edits(LINES)
