"""``index.html`` as text; what a browser does with it is tested in a browser."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from fer_batch.output.formats.combine import write_combined
from fer_batch.output.report.index import write_index
from fer_batch.output.stored import Failure, Stored, read_record
from fer_batch.output.summary_table import write_batch_csv
from tests.output.report import made
from tests.output.report.conftest import make_result, stored
from tests.output.report.test_page import HOSTILE, Page


def read(out: Path) -> Page:
    return Page((out / "index.html").read_text(encoding="utf-8"))


def test_totals_count_results_and_failures(tmp_path: Path) -> None:
    results = [
        stored(make_result(tmp_path / "a", made.timeline(100, people=1))),
        stored(make_result(tmp_path / "b", made.timeline(50, people=2, warnings=("careful",)))),
    ]
    write_batch_csv([], tmp_path / "summary.csv")
    write_combined(tmp_path, results)
    write_index(tmp_path, results, [Failure("c", "c: broken")], title="Job <7>")
    page = read(tmp_path)
    totals = " ".join(page.text.split())
    for words in ("inputs3", "of video6.0 s", "people3", "with warnings1", "failed1", "Job <7>"):
        assert words in totals, words
    assert page.values("data-state") == ["ok", "warning", "error"]
    assert {"summary.csv", "frames.csv", "people.csv"} <= set(page.values("href"))


def test_names_in_a_row_are_each_read_by_themselves(tmp_path: Path) -> None:
    named = replace(made.timeline(20, people=2), names={1: "מרים <b>", 2: "دانا"})
    write_index(tmp_path, [stored(make_result(tmp_path / "x", named))])
    assert "<bdi>מרים &lt;b&gt;</bdi>, <bdi>دانا</bdi> · face in" in (
        tmp_path / "index.html"
    ).read_text(encoding="utf-8")


def test_faces_that_cannot_be_read_were_found(tmp_path: Path) -> None:
    unreadable = made.timeline(20, people=1, no_face=(10, 20))
    results = [
        make_result(tmp_path / "a", made.timeline(20, people=0, no_face=(0, 20))),
        make_result(
            tmp_path / "b", replace(unreadable, unusable=np.ones(len(unreadable.frame), bool))
        ),
    ]
    write_index(tmp_path, [stored(folder) for folder in results])
    text = read(tmp_path).text
    assert text.count("No face found") == text.count("No readable face") == 1
    assert "face in 50\u00a0% of frames" in text


def test_a_share_of_some_frames_is_not_called_one_of_all(tmp_path: Path) -> None:
    results = [
        make_result(tmp_path / str(every), made.timeline(20, every=every)) for every in (1, 4)
    ]
    write_index(tmp_path, [stored(folder) for folder in results])
    text = read(tmp_path).text
    for words in ("face in 100\u00a0% of frames", "face in 100\u00a0% of analysed frames"):
        assert text.count(words) == 1
    assert "of analysed frames" in (tmp_path / "4" / "report.html").read_text(encoding="utf-8")


def test_foreign_text_stays_text(tmp_path: Path) -> None:
    name = "a<b>'\"&#%?é :x"
    result = make_result(tmp_path / name, made.timeline(10, warnings=("<i>w</i>",)))
    write_index(tmp_path, [stored(result)], [Failure(HOSTILE, HOSTILE)])
    page = read(tmp_path)
    assert page.tags["script"] == page.tags["style"] == 1
    assert page.tags["b"] == page.tags["i"] == 0
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    links = [value for value in page.values("href") if value.endswith("/report.html")]
    assert set(links) == {"a%3Cb%3E%27%22%26%23%25%3F%C3%A9%20%3Ax/report.html"}


def test_results_within_folders_are_linked_where_they_lie(tmp_path: Path) -> None:
    folder = make_result(tmp_path / "P 01" / "talk", made.timeline(10))
    write_index(tmp_path, [Stored("P 01/talk", folder, read_record(folder))])
    assert "P%2001/talk/report.html" in read(tmp_path).values("href")


def test_a_result_without_a_report_links_what_it_has(tmp_path: Path) -> None:
    timeline = made.timeline(10)
    made.store(tmp_path / "bare", timeline, made.summary_of(timeline))
    write_index(tmp_path, [stored(tmp_path / "bare")])
    hrefs = read(tmp_path).values("href")
    assert "bare/timeline.csv" in hrefs
    assert "bare/report.html" not in hrefs


def test_one_of_a_kind_is_told_as_one(tmp_path: Path) -> None:
    write_index(tmp_path, [stored(make_result(tmp_path / "a", made.timeline(20, people=1)))])
    totals = " ".join(read(tmp_path).text.split())
    assert "input1" in totals and "person1" in totals
    assert "inputs" not in totals.split("Find")[0] and "people1" not in totals


def test_photos_show_the_first_of_them(tmp_path: Path) -> None:
    folder, timeline = tmp_path / "trip", made.timeline(10)
    made.store(folder, timeline, made.summary_of(timeline))
    shutil.rmtree(folder / "report")  # photos have no pictures of moments
    (folder / "annotated" / "day 1").mkdir(parents=True)
    (folder / "annotated" / "day 1" / "b.jpg").write_bytes(b"jpeg")
    outputs: dict[str, dict[str, str]] = {
        "timeline.csv": {},
        "annotated/day 1/b.jpg": {},
        "annotated/c.jpg": {},
    }
    summary = {**read_record(folder), "outputs": outputs}
    write_index(tmp_path, [Stored("trip", folder, summary)])
    assert "trip/annotated/day%201/b.jpg" in read(tmp_path).values("src")
