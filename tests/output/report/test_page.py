"""``report.html`` as text: what stands in it, and that foreign text stays text."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.output.report.page import write_report
from fer_batch.output.report.provenance import Row, limits, provenance
from fer_batch.outputs import file_of
from tests.output.report import made
from tests.output.report.conftest import make_result

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{ 7*7 }} é \udc80"


class Page(HTMLParser):
    """Counts elements, collects attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        return [value or "" for key, value in self.attributes if key == name]


def read(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_settings_left_alone_say_what_they_mean(tmp_path: Path) -> None:
    plain = {"analyze": AnalyzeSettings().to_json(), "render": RenderSettings().to_json()}
    kept = json.loads(json.dumps(plain))  # as in summary.json: lists, no tuples
    rows = {row.name: row.value for row in _group(kept)}
    assert {name: rows[name] for name in ("blur_faces", "blur", "who", "edits", "columns")} == {
        "blur_faces": "no",
        "blur": "as blur_faces says",
        "who": "nobody",
        "edits": "none",
        "columns": "none",
    }
    assert (rows["labels"], rows["crop"], rows["stop_s"]) == ("all", "none", "the end")
    kept["render"]["blur"], kept["analyze"]["stop_s"] = ["others"], 12.5
    rows = {row.name: row.value for row in _group(kept)}
    assert (rows["blur"], rows["stop_s"]) == ("others", "12.5")


def _group(settings: dict[str, Any]) -> list[Row]:
    (group,) = provenance({"settings": settings})
    return group.rows


def test_it_says_what_the_summary_says(tmp_path: Path) -> None:
    page = read(make_result(tmp_path / "x", made.timeline(100, no_face=(0, 10))))
    for words in (
        "face in 90\u00a0% of frames",
        "100 frames",
        "2 people",
        "3f3f3f3f",
        "88.1\u00a0% on PublicTest",
        "differ from how often they are right by 2.1 % on average",
        "FER2013's labels are noisy",
        "cannot be read from them",
        "100 (90 with a face, 10 without a face)",
        "Mostly happy",
        "opencv-python-headless",
    ):
        assert words in page.text, words


def test_people_who_cannot_be_read_are_not_called_absent(tmp_path: Path) -> None:
    nobody = made.timeline(20, people=0, no_face=(0, 20))
    unreadable = made.timeline(20, people=1, no_face=(10, 20))
    unreadable = replace(unreadable, unusable=np.ones(len(unreadable.frame), bool))
    absent, seen = (
        read(make_result(tmp_path / name, timeline)).text
        for name, timeline in (("absent", nobody), ("seen", unreadable))
    )
    assert "No face was found in this input." in absent and "no readable face" not in absent
    assert "No face could be read in this input." in seen and "No face was found" not in seen
    assert "among them all of 1 person." in seen


def test_a_page_of_photos_does_not_speak_of_smoothing() -> None:
    assert [text for text in limits({}) if "Smoothed" in text]
    assert not [text for text in limits({"photos": {"total": 1}}) if "Smoothed" in text]


def test_foreign_text_stays_text(tmp_path: Path) -> None:
    timeline = made.timeline(
        30,
        name=HOSTILE,
        labels=("<b>bold</b>", "sad", "neutral"),
        warnings=("<script>warned</script>",),
        files=tuple(f"<i>{i}</i>" for i in range(30)),
    )
    folder = make_result(tmp_path / "x", timeline)
    page, plain = (
        read(folder),
        read(make_result(tmp_path / "y", made.timeline(30, warnings=("w",)))),
    )
    assert page.tags == plain.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "style" not in {name for name, _ in page.attributes}
    assert HOSTILE.replace("\udc80", "?") in page.text
    assert "<script>warned</script>" in page.text
    assert "</script" not in (folder / "report" / "data.js").read_text()


def test_every_file_it_names_is_there(tmp_path: Path, clip: Path) -> None:
    folder = make_result(tmp_path / "x", made.timeline(60), clip)
    page = read(folder)
    named = {
        value
        for name in ("src", "href")
        for value in page.values(name)
        if not value.startswith("#")
    }
    assert {"annotated.mp4", "summary.json", "report/app.js", "report/data.js"} <= named
    assert {file_of(name) for name in ("intervals", "people", "vtt", "eaf")} <= named
    assert "timeline.png" not in named
    for name in named:
        assert (folder / name).is_file(), name


def test_the_way_back_is_only_where_there_is_an_index(tmp_path: Path) -> None:
    timeline = made.timeline(10)
    summary = made.summary_of(timeline)
    for index in ("../index.html", ""):
        write_report(tmp_path, timeline, summary, index=index)
        assert ("../index.html" in read(tmp_path).values("href")) is bool(index)


def test_it_returns_what_it_wrote(tmp_path: Path) -> None:
    folder = made.store(tmp_path / "x", made.timeline(10), made.summary_of(made.timeline(10)))
    names = write_report(folder, made.timeline(10), made.summary_of(made.timeline(10)))
    assert names[0] == "report.html"
    assert all((folder / name).is_file() for name in names)
    there = {path.relative_to(folder).as_posix() for path in (folder / "report").iterdir()}
    assert there == set(names[1:])
    assert "report/LICENSE-uplot.txt" in names


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    timeline, summary = made.timeline(50), made.summary_of(made.timeline(50))
    folders = [make_result(tmp_path / name, timeline) for name in ("a", "b")]
    write_report(folders[0], timeline, summary)
    for path in folders[0].rglob("report*/*"):
        other = folders[1] / path.relative_to(folders[0])
        assert path.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("summary", [{}, {"input": {}, "model": None, "moments": None}])
def test_a_bare_summary_is_enough(tmp_path: Path, summary: dict[str, Any]) -> None:
    write_report(tmp_path, made.timeline(10), summary)
    assert read(tmp_path).tags["section"] >= 5


def test_many_people_are_listed_most_seen_first(tmp_path: Path) -> None:
    page = read(make_result(tmp_path / "x", made.timeline(5, people=70)))
    assert page.tags["article"] == 60
    assert "10 more, seen more briefly" in page.text
    assert re.findall(r"Person \d+", page.text)
