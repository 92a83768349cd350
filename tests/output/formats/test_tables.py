"""``intervals.csv`` and ``people.csv``."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given

from fer_batch.output.formats.tables import cuts_text, intervals_text, people_text
from fer_batch.output.people import episodes
from fer_batch.types import Timeline
from tests.output.timelines import timeline, timelines


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_intervals_say_who_showed_what_from_when_to_when() -> None:
    text = intervals_text(timeline("hhs.s", "nnnnn"))
    assert text.splitlines()[0] == (
        "face_id,emotion,start_s,end_s,mean_probability,start_frame,end_frame"
    )
    found = [
        (r["face_id"], r["emotion"], r["start_s"], r["end_s"], r["start_frame"], r["end_frame"])
        for r in rows(text)
    ]
    assert found == [
        ("1", "happy", "0.000000", "0.200000", "0", "1"),
        ("1", "sad", "0.200000", "0.300000", "2", "2"),
        ("1", "sad", "0.400000", "0.500000", "4", "4"),
        ("2", "neutral", "0.000000", "0.500000", "0", "4"),
    ]
    assert {r["mean_probability"] for r in rows(text)} == {"0.800000"}


@given(timelines())
def test_every_face_is_in_one_interval(made: Timeline) -> None:
    found = rows(intervals_text(made))
    assert len(found) == len(episodes(made))
    for face, frame, label in zip(made.face_id, made.frame, made.emotion, strict=True):
        holding = [
            r
            for r in found
            if int(r["face_id"]) == face and int(r["start_frame"]) <= frame <= int(r["end_frame"])
        ]
        assert [r["emotion"] for r in holding] == [made.labels[label]]


def test_people_have_shares_of_their_own_time() -> None:
    (one, two) = rows(people_text(timeline("hhhs", ".nn.")))
    assert one["face_id"], one["dominant"] == ("1", "happy")
    assert (one["share_happy"], one["share_sad"]) == ("0.750000", "0.250000")
    assert (one["longest_happy_s"], one["longest_neutral_s"]) == ("0.300000", "0.000000")
    assert (one["changes"], one["episodes"], one["frames"]) == ("1", "2", "4")
    assert one["changes_per_minute"] == "150.000000"
    assert (one["mean_happy"], one["mean_sad"], one["mean_neutral"]) == (
        "0.625000",
        "0.275000",
        "0.100000",
    )
    assert (one["valence"], two["valence"]) == ("0.350000", "0.000000")
    assert (two["first_s"], two["last_s"], two["share_neutral"]) == (
        "0.100000",
        "0.300000",
        "1.000000",
    )


def test_nobody_leaves_a_table_with_its_header() -> None:
    assert rows(people_text(timeline("...."))) == []
    assert people_text(timeline("....")).startswith("face_id,frames,seconds,")
    assert len(intervals_text(timeline("....")).splitlines()) == 1


@given(timelines())
def test_shares_sum_to_one(made: Timeline) -> None:
    for row in rows(people_text(made)):
        shares = [float(v) for k, v in row.items() if k.startswith("share_")]
        assert sum(shares) == pytest.approx(1, abs=1e-5)


def test_shots_go_from_cut_to_cut_and_say_who_is_in_them() -> None:
    cut = np.array([False, False, True, False, True, False])
    found = rows(cuts_text(timeline("hh..ss", ".nnn..", cut=cut)))
    assert [list(r.values()) for r in found] == [
        ["1", "0", "1", "0.000000", "0.200000", "1 2"],
        ["2", "2", "3", "0.200000", "0.400000", "2"],
        ["3", "4", "5", "0.400000", "0.600000", "1"],
    ]


def test_a_film_without_cuts_is_one_shot_and_one_without_frames_none() -> None:
    assert [r["people"] for r in rows(cuts_text(timeline("...")))] == [""]
    assert rows(cuts_text(timeline())) == []
