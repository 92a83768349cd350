from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_batch.config import RenderSettings
from fer_batch.errors import InputError, NotFoundError, UnreadableError, UsageError
from fer_batch.output.read_table import read_csv
from fer_batch.output.rounding import as_shown, to_millionths
from fer_batch.output.table import header, write_csv
from fer_batch.output.write import Facts
from fer_batch.printable import cell
from fer_batch.types import TIMELINE, Timeline
from tests.output.timelines import timeline, timelines

any_timeline = st.booleans().flatmap(lambda files: timelines(files=files))
shared_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_header_is_the_one_documented(tmp_path: Path) -> None:
    write_csv(timeline("hs"), tmp_path / "t.csv")
    first = (tmp_path / "t.csv").read_bytes().split(b"\n")[0]
    assert first == (
        b"frame,time_s,status,face_id,x,y,w,h,confidence,emotion,"
        b"happy,sad,neutral,happy_raw,sad_raw,neutral_raw,quality"
    )
    assert header(["a"], ("quality", "file"))[-2:] == ["quality", "file"]


def test_each_frame_has_a_row_and_unknown_cells_are_empty(tmp_path: Path) -> None:
    write_csv(timeline("h..s", status="..x-"), tmp_path / "t.csv")
    lines = (tmp_path / "t.csv").read_text().splitlines()[1:]
    assert lines[0].startswith("0,0.000000,ok,1,10.00,20.00,40.00,50.00,0.9000,happy,0.800000,")
    assert lines[1] == "1,0.100000,no_face" + "," * 14
    assert lines[2].startswith("2,0.200000,decode_error,,")
    assert [line.split(",")[0] for line in lines] == ["0", "1", "2", "3"]


@shared_folder
@given(any_timeline)
def test_writing_what_was_read_gives_the_same_bytes(tmp_path: Path, made: Timeline) -> None:
    if len(made) == 0 and made.files:
        return
    write_csv(made, tmp_path / "a.csv")
    read = read_csv(tmp_path / "a.csv", made.name)
    write_csv(read, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@shared_folder
@given(any_timeline)
def test_reading_gives_the_timeline_back(tmp_path: Path, made: Timeline) -> None:
    write_csv(made, tmp_path / "a.csv")
    read = read_csv(tmp_path / "a.csv", made.name)
    assert read.labels == made.labels
    assert read.files == tuple(map(cell, made.files))
    for name in ("status", "frame", "face_id", "emotion"):
        np.testing.assert_array_equal(getattr(read, name), getattr(made, name), err_msg=name)
        assert getattr(read, name).dtype == np.int64
    np.testing.assert_allclose(read.time_s, made.time_s, atol=5.1e-7)
    np.testing.assert_allclose(read.box, made.box, atol=0.006)
    np.testing.assert_allclose(read.confidence, made.confidence, atol=5.1e-5)
    for name in ("smoothed", "raw"):
        np.testing.assert_allclose(getattr(read, name), getattr(made, name), atol=3e-6)
        assert getattr(read, name).dtype == np.float32


@shared_folder
@given(any_timeline)
def test_what_is_drawn_is_what_the_table_says(tmp_path: Path, made: Timeline) -> None:
    write_csv(made, tmp_path / "a.csv")
    if len(made) == 0 and made.files:
        return
    read, shown = read_csv(tmp_path / "a.csv", made.name), as_shown(made)
    for name in TIMELINE:
        expected, found = getattr(read, name), getattr(shown, name)
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape), name
        np.testing.assert_array_equal(found, expected, err_msg=name)
    write_csv(shown, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@shared_folder
@given(timelines())
def test_written_probabilities_sum_to_one(tmp_path: Path, made: Timeline) -> None:
    write_csv(made, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if not row["face_id"]:
                continue
            for suffix in ("", "_raw"):
                cells = {label: row[label + suffix] for label in made.labels}
                assert all(len(cell.split(".")[1]) == 6 for cell in cells.values())
                assert sum(int(cell.replace(".", "")) for cell in cells.values()) == 1_000_000
            assert row["emotion"] == max(made.labels, key=lambda label: float(row[label]))


def test_a_tie_made_by_rounding_keeps_the_strongest() -> None:
    close = np.array([[0.33333330, 0.33333335, 0.33333335]])
    whole = to_millionths(close)
    assert whole.sum() == 1_000_000
    assert whole.argmax() == 1


@given(
    st.lists(st.integers(0, 10**6), min_size=2, max_size=9).filter(sum).map(np.array),
)
def test_millionths_that_are_whole_stay(counts: np.ndarray) -> None:
    whole = to_millionths(counts[None] / counts.sum())
    again = to_millionths((whole / 1e6).astype(np.float32).astype(np.float64))
    np.testing.assert_array_equal(whole, again)


def test_pandas_reads_it_as_to_pandas_shows_it(tmp_path: Path) -> None:
    made = timeline("hs.", ".nn")
    write_csv(made, tmp_path / "t.csv")
    read = pd.read_csv(tmp_path / "t.csv")
    frame = made.to_pandas()
    assert list(read.columns) == list(frame.columns)
    assert read["face_id"].tolist()[:1] == [1.0]
    assert read["emotion"].tolist() == frame["emotion"].tolist()


def test_numbers_never_read_minus_zero(tmp_path: Path) -> None:
    made = timeline("h", box=np.float32([[-0.001, -12.5, 3, 4]]))
    write_csv(made, tmp_path / "t.csv")
    assert ",0.00,-12.50,3.00,4.00," in (tmp_path / "t.csv").read_text()


def test_odd_file_names_do_not_spoil_the_table(tmp_path: Path) -> None:
    write_csv(timeline("hh", files=("a\udcff.jpg", "b\n.jpg")), tmp_path / "t.csv")
    assert read_csv(tmp_path / "t.csv", "x").files == ("a\\udcff.jpg", "b\\u000a.jpg")


def damaged(tmp_path: Path, old: str, new: str) -> Path:
    write_csv(timeline("hs.", ".nn"), tmp_path / "t.csv")
    text = (tmp_path / "t.csv").read_text()
    assert old in text
    (tmp_path / "t.csv").write_text(text.replace(old, new, 1))
    return tmp_path / "t.csv"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("frame,", "index,", "line 1: the header"),
        ("happy_raw", "joy_raw", "line 1: the header"),
        ("\n1,", "\n7,", "line 3: frame 7 is out of order"),
        ("ok", "fine", "line 2: unknown status 'fine'"),
        ("0.800000", "0.300000", "line 2: probabilities do not sum to 1"),
        ("0.800000", "nan", "line 2: happy is 'nan'"),
        ("0.800000", "much", "line 2: happy is 'much'"),
        ("10.00", "", "line 2: x is ''"),
        ("0.100000,ok,2", "0.100000,ok,1", "line 4: faces of a frame are out of order"),
        ("0.9000,happy,", "0.9000,", "line 2: 16 cells where the header has 17"),
        ("0.100000,ok,2", "0.100000,ok,-2", "line 4: face_id is '-2'"),
    ],
)
def test_damage_is_named_with_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = damaged(tmp_path, old, new)
    with pytest.raises(InputError, match=says) as caught:
        read_csv(path, "x")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n", b"\x00\xff\xfe", b'frame,"', b"a,b\n1,2\n"])
def test_a_file_that_is_no_timeline_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError):
        read_csv(tmp_path / "t.csv", "x")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_csv(tmp_path / "none.csv", "x")
    with pytest.raises(UnreadableError):
        read_csv(tmp_path, "x")


def test_an_unusable_face_keeps_its_numbers_and_has_no_emotion(tmp_path: Path) -> None:
    made = timeline(
        "hs", "n.", unusable=np.array([0, 1, 0], bool), quality=np.float32([0.9, 0.25, np.nan])
    )
    path = tmp_path / "t.csv"
    write_csv(made, path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["ok", "unusable", "ok"]
    assert [row["emotion"] for row in rows] == ["happy", "", "sad"]
    assert [row["quality"] for row in rows] == ["0.900", "0.250", ""]
    assert rows[1]["neutral"] == "0.800000"
    again = read_csv(path, "clip.mp4")
    assert again.unusable.tolist() == [False, True, False]
    np.testing.assert_array_equal(again.quality, made.quality)
    write_csv(again, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()


def test_angles_are_columns_for_who_asks(tmp_path: Path) -> None:
    face = np.float32([[110, 100], [160, 100], [135, 130], [115, 155], [155, 155]])
    points = np.stack([face, face + 5, np.full((5, 2), np.nan)]).astype(np.float32)
    made = timeline("hs.", "n..", landmarks=points)
    path = tmp_path / "t.csv"
    write_csv(made, path, Facts(render=RenderSettings(columns=("pitch", "yaw"))))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[-3:] == ["quality", "yaw", "pitch"]
    assert abs(float(rows[0]["yaw"])) < 0.5 and rows[0]["yaw"] == rows[1]["yaw"]
    assert [row["yaw"] == "" for row in rows] == [False, False, True, True]
    assert read_csv(path, "clip.mp4").face_id.tolist() == made.face_id.tolist()
    with pytest.raises(UsageError, match="may only name yaw, pitch, roll"):
        RenderSettings(columns=("jaw",))


def test_tables_without_quality_are_still_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_csv(timeline("hs"), path)
    with path.open(newline="") as file:
        rows = [row[:-1] for row in csv.reader(file)]
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    found = read_csv(path, "clip.mp4")
    assert np.isnan(found.quality).all() and not found.unusable.any()
