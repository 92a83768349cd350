"""``people.html``: as text, and as a browser shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer_batch.output.report.index import write_index
from fer_batch.output.report.people import MOST_PLACES, write_people_page
from fer_batch.output.stored import Stored
from tests.output.report import made
from tests.output.report.conftest import Visits, make_result, stored, until
from tests.output.report.test_page import HOSTILE, Page


def result(folder: Path, *persons: int, names: dict[int, str] | None = None) -> Stored:
    """A film whose people have these numbers across inputs."""
    timeline = made.timeline(50, name=folder.name, people=len(persons))
    numbers = np.array(persons, np.int64)[timeline.face_id - 1]
    return stored(make_result(folder, replace(timeline, person=numbers, names=names or {})))


def test_everyone_stands_once_with_all_places(tmp_path: Path) -> None:
    results = [result(tmp_path / "a", 1, 2, names={2: "Ben"}), result(tmp_path / "b & c", 2)]
    assert write_people_page(tmp_path, results)
    page = Page((tmp_path / "people.html").read_text("utf-8"))
    assert page.values("data-name") == ["Ben", "Person 1"]
    assert page.values("data-inputs") == ["2", "1"]
    (there,) = [href for href in page.values("href") if href.startswith("b")]
    assert there.startswith("b%20%26%20c/report.html#frame=")
    write_index(tmp_path, results)
    index = Page((tmp_path / "index.html").read_text("utf-8"))
    assert "people.html" in index.values("href")
    words = " ".join(index.text.split())
    assert "people2" in words and "Ben and 1 more" in words


def test_where_nobody_was_compared_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "people.html").write_text("of an earlier run")
    plain = stored(make_result(tmp_path / "a", made.timeline(20)))
    assert not write_people_page(tmp_path, [plain])
    assert not (tmp_path / "people.html").exists()
    write_index(tmp_path, [plain])
    assert "people.html" not in Page((tmp_path / "index.html").read_text("utf-8")).values("href")


def test_foreign_text_stays_text(tmp_path: Path) -> None:
    write_people_page(tmp_path, [result(tmp_path / "a<b>", 1, names={1: HOSTILE[:60]})])
    page = Page((tmp_path / "people.html").read_text("utf-8"))
    assert page.tags["script"] == page.tags["style"] == 1 and page.tags["b"] == 0


@pytest.mark.browser
def test_people_are_found_and_sorted(tmp_path: Path, visits: Visits) -> None:
    many = [result(tmp_path / f"in{n}", 1, 2, names={2: "Zoe"}) for n in range(MOST_PLACES + 2)]
    write_people_page(tmp_path, [*many, result(tmp_path / "last", 3)])
    page = visits.open(tmp_path / "people.html", width=700)
    names = "[...document.querySelectorAll('.somebody:not([hidden]) h2')].map((e) => e.textContent)"
    assert page.evaluate(names) == ["Person 1", "Zoe", "Person 3"]
    assert page.locator(".somebody details summary").first.text_content() == "2 more"
    page.get_by_label("Sort by").select_option("name")
    until(page, f"{names}.join() === 'Person 1,Person 3,Zoe'")
    page.get_by_label("Find").fill("last")
    until(page, f"{names}.join() === 'Person 3'")
    assert page.locator("#count").text_content() == "1 of 3 people"
    page.get_by_label("Find").fill("nobody")
    page.get_by_role("button", name="Show everyone").click()
    until(page, f"{names}.length === 3")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
