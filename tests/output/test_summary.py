from __future__ import annotations

import csv
import hashlib
import json
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from fer_batch.door import Refused
from fer_batch.output.foreign import read_summary_file
from fer_batch.output.moments import pick_moments
from fer_batch.output.summary import describe_input, describe_outputs, summary, write_summary
from fer_batch.output.summary_table import COUNTED, done_row, failed_row, write_batch_csv
from fer_batch.types import FrameStatus, SourceInfo, Timeline
from tests.output.timelines import timeline, timelines


def made_summary(made: Timeline, **changes: object) -> dict[str, Any]:
    known: dict[str, Any] = {
        "input": {"name": "clip.mp4", "sha256": "0" * 64, "duration_s": 1.5},
        "model": {"name": "fer3", "sha256": "1" * 64, "labels": list(made.labels)},
        "detector": {"name": "yunet", "sha256": "2" * 64},
        "settings": {"analyze": {"every": 1}},
        "timings": {"decode": 0.25, "total_s": 1.0, "load_s": 0.5},
    }
    return summary(made, **(known | changes))


def test_counts_people_and_shares() -> None:
    data = made_summary(timeline("hhhs.", "..ss.", status="....x"))
    assert data["frames"] == {
        "total": 5, "ok": 4, "no_face": 0, "skipped": 0, "decode_error": 1,
    }  # fmt: skip
    assert [p["face_id"] for p in data["people"]] == [1, 2]
    assert data["people"][0]["share"] == {"happy": 0.75, "sad": 0.25, "neutral": 0.0}
    assert data["people"][0]["longest"]["happy"]["seconds"] == pytest.approx(0.3)
    assert data["share"] == {"happy": 0.5, "sad": 0.5, "neutral": 0.0}
    assert data["coverage"] == 0.8
    assert data["versions"]["numpy"] == version("numpy")
    assert data["versions"]["fer-batch"] == version("fer-batch")


def test_nobody() -> None:
    data = made_summary(timeline("..."))
    assert data["people"] == []
    assert data["dominant"] == ""
    assert set(data["share"].values()) == {0}


def test_warnings_are_joined_once() -> None:
    data = made_summary(timeline("h", warnings=("a", "b")), warnings=["b", "c"])
    assert data["warnings"] == ["a", "b", "c"]


@settings(max_examples=40)
@given(timelines())
def test_it_is_plain_json(made: Timeline) -> None:
    data = made_summary(made, moments=pick_moments(made))
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    if len(made.frame):
        assert sum(data["share"].values()) == pytest.approx(1, abs=1e-5)


def test_written_file_reads_back_whatever_the_name(tmp_path: Path) -> None:
    data = made_summary(timeline("h"), input={"name": "\udcff</script>\n", "sha256": ""})
    write_summary(data, tmp_path / "summary.json")
    assert json.loads((tmp_path / "summary.json").read_text()) == data


def test_a_warning_may_hold_the_longest_paths(tmp_path: Path) -> None:
    path = "/deep" * 800
    data = made_summary(timeline("h"), warnings=[f"{path}: {path}: is damaged"])
    data["input"]["path"] = path
    write_summary(data, tmp_path / "summary.json")
    assert read_summary_file(tmp_path / "summary.json") == data


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    """It would be missing from every table, and nobody told."""
    data = made_summary(timeline("h"), outputs={"annotated/a\\b.jpg": {"sha256": "0" * 64}})
    with pytest.raises(Refused, match="outputs is not the name of a file"):
        write_summary(data, tmp_path / "summary.json")
    assert not list(tmp_path.iterdir())


def test_outputs_are_hashed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x")
    assert describe_outputs(tmp_path, ["gone.gif", "a.csv"]) == {
        "a.csv": {"sha256": hashlib.sha256(b"x").hexdigest(), "bytes": 1}
    }


def test_input_is_described() -> None:
    info = SourceInfo(
        path="/x/a.mp4", name="a.mp4", kind="video", width=640, height=360, rotation=90,
        time_base=Fraction(1, 10), pts=np.arange(5, 15), has_audio=True,
    )  # fmt: skip
    found = describe_input(info, "f" * 64)
    assert found["frames"] == 10
    assert found["duration_s"] == 1.0
    assert found["start_s"] == 0.5
    assert json.dumps(found)


def test_batch_table(tmp_path: Path) -> None:
    rows = [
        done_row(made_summary(timeline("hhhs")), name="a.mp4", path="in/a.mp4"),
        failed_row(name="b,\r\n.mp4", error="b: not a video; check it"),
        done_row(
            made_summary(timeline("h", labels=("angry", "happy", "sad"))), name="c", path="in/c"
        ),
    ]
    write_batch_csv(rows, tmp_path / "summary.csv")
    with (tmp_path / "summary.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["status"] for row in read] == ["done", "failed", "done"]
    assert read[0]["share_happy"] == "0.750000"
    assert read[0]["share_angry"] == ""
    assert read[0]["dominant"] == "happy"
    assert (read[0]["frames"], read[0]["ok"], read[0]["people"]) == ("4", "4", "1")
    assert read[1]["error"] == "b: not a video; check it"
    assert read[1]["frames"] == ""
    names = list(read[0])
    assert (names[0], names[-1]) == ("input", "path")


def test_an_empty_batch_is_a_header(tmp_path: Path) -> None:
    write_batch_csv([], tmp_path / "summary.csv")
    assert (tmp_path / "summary.csv").read_text().startswith("input,status,error,model,frames,ok,")
    assert (tmp_path / "summary.csv").read_text().count("\n") == 1


def test_the_table_of_a_batch_counts_each_thing_that_becomes_of_a_frame() -> None:
    assert set(COUNTED) == {status.text for status in FrameStatus}
