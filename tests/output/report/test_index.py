"""``index.html`` as text; what a browser does with it is tested in a browser."""

from __future__ import annotations

from pathlib import Path

from fer_batch.output.report import Failure, write_index
from fer_batch.output.summary import write_batch_csv
from tests.output.report import made
from tests.output.report.conftest import make_result
from tests.output.report.test_page import HOSTILE, Page


def read(out: Path) -> Page:
    return Page((out / "index.html").read_text(encoding="utf-8"))


def test_totals_count_results_and_failures(tmp_path: Path) -> None:
    results = [
        make_result(tmp_path / "a", made.timeline(100, people=1)),
        make_result(tmp_path / "b", made.timeline(50, people=2, warnings=("careful",))),
    ]
    write_batch_csv([], tmp_path / "summary.csv")
    written = write_index(tmp_path, results, [Failure("c", "c: broken")], title="Job <7>")
    assert [path.name for path in written] == [
        "frames.csv",
        "intervals.csv",
        "people.csv",
        "index.html",
    ]
    page = read(tmp_path)
    totals = " ".join(page.text.split())
    for words in ("inputs3", "of video6.0 s", "people3", "with warnings1", "failed1", "Job <7>"):
        assert words in totals, words
    assert page.values("data-state") == ["ok", "warning", "error"]
    assert {"summary.csv", "frames.csv", "people.csv"} <= set(page.values("href"))


def test_foreign_text_stays_text(tmp_path: Path) -> None:
    name = "a<b>'\"&#%?é :x"
    result = make_result(tmp_path / name, made.timeline(10, warnings=("<i>w</i>",)))
    write_index(tmp_path, [result], [Failure(HOSTILE, HOSTILE)])
    page = read(tmp_path)
    assert page.tags["script"] == page.tags["style"] == 1
    assert page.tags["b"] == page.tags["i"] == 0
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    links = [value for value in page.values("href") if value.endswith("/report.html")]
    assert set(links) == {"a%3Cb%3E%27%22%26%23%25%3F%C3%A9%20%3Ax/report.html"}


def test_folders_without_a_summary_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "summary.json").write_text("{")
    write_index(tmp_path, [tmp_path / "empty", damaged, tmp_path / "none"])
    page = read(tmp_path)
    assert page.tags["li"] == 0
    assert "0 results" in page.text


def test_a_result_without_a_report_links_what_it_has(tmp_path: Path) -> None:
    timeline = made.timeline(10)
    made.store(tmp_path / "bare", timeline, made.summary_of(timeline))
    write_index(tmp_path, [tmp_path / "bare"])
    hrefs = read(tmp_path).values("href")
    assert "bare/timeline.csv" in hrefs
    assert "bare/report.html" not in hrefs
