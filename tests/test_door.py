"""The door: what fer-batch writes passes, what it would never write is named and refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch import door

TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(TREES)
def test_what_is_within_bounds_comes_through_as_it_was(value: Any) -> None:
    assert door.parse_json(json.dumps(value)) == value


@pytest.mark.parametrize("depth", [door.MOST_DEPTH + 2, 5000, 200_000])
@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_bounded(depth: int, left: str, right: str) -> None:
    with pytest.raises(door.Refused, match="nested deeper"):
        door.parse_json(left * depth + "1" + right * depth)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        "-1e999",
        "",
        "{",
        "nul",
        "[1,]",
        b"\xff\xfe",
        "1" * 5000,
        '{"a": 1}x',
        b"\x00",
    ],
)
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(door.Refused):
        door.parse_json(text)


def test_length_is_bounded() -> None:
    with pytest.raises(door.Refused, match="longer than 10"):
        door.parse_json("[1,2,3,4,5,6]", most=10)


HOSTILE: list[Any] = [
    None, True, -1, 2**70, 1.5, float("nan"), float("inf"), "", ".", "..", "../x", "/etc/passwd",
    "a/../b", "a//b", "a\\b", "a\0b", "x" * 10_000, [], [[]], {}, {"a": 1}, "A" * 64, "g" * 64,
    "0" * 63, "0" * 64 + "\n", "/" + "0" * 63,
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_names_hashes_and_places(value: Any) -> None:
    for check in (door.hex64, door.name, door.place):
        if check is not door.hex64 and value in ("A" * 64, "g" * 64, "0" * 63, "0" * 64 + "\n"):
            continue  # odd, but the name of a file
        with pytest.raises(door.Refused):
            check(value)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (door.hex64, "0f" * 32),
        (door.name, "Zürich 😀 -x 'q\".png"),
        (door.place, "annotated/00001.jpg"),
        (lambda v: door.whole(v, "n", 0, 5), 5),
        (lambda v: door.number(v, "n", 0, 5), 2.5),
        (lambda v: door.lines(v, "n"), ("a", "b\n")),
        (lambda v: door.flag(v, "n"), False),
    ],
)
def test_what_fer_batch_writes_passes(check: Callable[[Any], Any], value: Any) -> None:
    assert check(value) == value


@given(st.text() | st.binary().map(os.fsdecode))
def test_a_place_never_leads_out(text: str) -> None:
    try:
        found = door.place(text)
    except door.Refused:
        return
    target = Path(os.path.normpath("/a/b/" + found))
    assert target.is_relative_to("/a/b") and target != Path("/a/b")


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100)
    assert door.read_regular(file) == b"x" * 100
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="symbolic"):
        door.read_regular(tmp_path / "link")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(door.Refused, match="not a regular file"):
            door.read_regular(path)
    with pytest.raises(door.Refused, match="larger than 99"):
        door.read_regular(file, 99)
