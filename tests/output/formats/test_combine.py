"""Tables of a whole batch."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from fer_batch.output.formats.combine import write_combined
from fer_batch.output.stored import Stored
from fer_batch.output.table import write_csv
from fer_batch.output.write import write_output
from fer_batch.outputs import output_called
from fer_batch.types import Timeline
from tests.output.timelines import timeline


def result(folder: Path, made: Timeline, model: str = "fer3") -> Stored:
    folder.mkdir()
    write_csv(made, folder / "timeline.csv")
    for name in ("people", "intervals"):
        write_output(output_called(name), folder, made)
    return Stored(folder.name, folder, {"model": {"name": model}})


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_of_all_results_come_together(tmp_path: Path) -> None:
    folders = [
        result(tmp_path / "a.mp4", timeline("hhs")),
        result(tmp_path / 'b, "quoted".mp4', timeline("nn", "ss")),
    ]
    written = write_combined(tmp_path, folders)
    assert [path.name for path in written] == ["frames.csv", "intervals.csv", "people.csv"]
    frames = read(tmp_path / "frames.csv")
    assert next(iter(frames[0])) == "input"
    assert [row["input"] for row in frames] == ["a.mp4"] * 3 + ['b, "quoted".mp4'] * 4
    for each in folders:
        own = [row for row in frames if row["input"] == each.name]
        rows = read(each.folder / "timeline.csv")
        assert own == [{"input": each.name, "model": "fer3", **row} for row in rows]
    assert [(r["input"], r["face_id"]) for r in read(tmp_path / "people.csv")] == [
        ("a.mp4", "1"),
        ('b, "quoted".mp4', "1"),
        ('b, "quoted".mp4', "2"),
    ]


def test_columns_that_only_some_have_are_empty_elsewhere(tmp_path: Path) -> None:
    images = replace(timeline("hs"), files=("one\n.png", "two,2.png"))
    other = replace(timeline("h"), labels=("happy", "angry", "neutral"))
    folders = [
        result(tmp_path / "plain", timeline("h")),
        result(tmp_path / "images", images),
        result(tmp_path / "other", other),
    ]
    write_combined(tmp_path, folders)
    plain, *pictures, strange = read(tmp_path / "frames.csv")
    assert [row["file"] for row in pictures] == [r"one\u000a.png", "two,2.png"]
    assert (plain["file"], plain["angry"], strange["sad"]) == ("", "", "")
    assert (plain["happy"], strange["happy"]) == ("0.800000", "0.800000")
    assert strange["angry"] == "0.100000"


def test_a_table_of_an_earlier_batch_does_not_stay(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("of another batch")
    write_csv(timeline("h"), tmp_path / "timeline.csv")
    folder = tmp_path / "x"
    folder.mkdir()
    write_csv(timeline("h"), folder / "timeline.csv")
    assert [path.name for path in write_combined(tmp_path, [Stored("x", folder, {})])] == [
        "frames.csv"
    ]
    assert not (tmp_path / "people.csv").exists()
