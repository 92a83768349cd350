"""Corrections by mouse and keyboard: served by `fer-batch review`, and from disk as a download."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fer_batch.corrections.apply import corrected
from fer_batch.corrections.read import parse_edits
from fer_batch.timeline_file import NAME as TIMELINE
from fer_batch.timeline_file import read_timeline
from fer_batch.types import FrameStatus
from tests.cli.review.conftest import make_results
from tests.footage.videos import Recipe
from tests.output.report import made
from tests.output.report.browser import Chromium
from tests.output.report.conftest import Visits, make_result, until
from tests.output.report.reviewed import LIST, Reviewed, served

pytestmark = pytest.mark.browser

NAME = "day 1/talk"
CHIPS = "[...document.querySelectorAll('.chip')].map((chip) => chip.textContent)"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_results(tmp_path_factory.mktemp("film_of_tests"))


@pytest.fixture
def reviewed(results: Path, tmp_path: Path, chromium: Chromium) -> Iterator[Reviewed]:
    out = Path(shutil.copytree(results, tmp_path / "out"))
    with served(out, NAME, chromium, Reviewed) as found:
        until(found.page, "document.querySelector('#corrections').open")
        yield found


def test_people_are_merged_named_and_drawn_again(reviewed: Reviewed) -> None:
    page = reviewed.page
    assert page.evaluate(CHIPS) == ["Person 1", "Person 2"]
    reviewed.press("Person 1", "Person 2", "Same person")
    reviewed.made("Person 2 is Person 1")
    assert reviewed.lines()[1:] == ["merge,2,,,1"] and page.evaluate(CHIPS) == ["Person 1"]
    reviewed.press("Person 1")
    page.get_by_label("Name").fill('Anna, "the first"')
    page.keyboard.press("Enter")
    reviewed.made("Person 2 is Person 1", 'Person 1 is called Anna, "the first"')
    assert reviewed.lines()[2] == 'name,1,,,"Anna, ""the first"""'
    with page.expect_event("load", timeout=120_000):  # it shows itself anew when all is drawn
        page.get_by_role("button", name="Draw again").click()
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate("[FerBatch.data.edits.length, FerBatch.data.people.length]") == [3, 1]
    assert page.locator("article h3").all_text_contents() == ['Anna, "the first"']
    with (reviewed.out / NAME / "timeline.csv").open(encoding="utf-8", newline="") as file:
        assert {(r["face_id"], r["name"]) for r in csv.DictReader(file)} == {
            ("1", 'Anna, "the first"')
        }
    # What is drawn can be taken back too.
    reviewed.press("Undo", "Undo")
    until(page, f"{LIST}.length === 0")
    assert reviewed.lines() == [] and page.locator("#edit-waiting").is_visible()


def test_undo_redo_and_what_cannot_be(reviewed: Reviewed) -> None:
    page = reviewed.page
    page.evaluate("FerBatch.player.seek(18)")
    until(page, "document.querySelector('#edit-split-at').textContent === '0:00.72'")
    reviewed.press("Person 2", "Somebody else from 0:00.72 on")
    reviewed.made("Person 2 is somebody else from 0:00.72 on")
    assert page.evaluate(CHIPS) == ["Person 1", "Person 2", "Person 3"]
    reviewed.press("Person 3", "Leave out")
    reviewed.made("Person 2 is somebody else from 0:00.72 on", "Person 3 is left out")
    reviewed.press("Undo")
    reviewed.made("Person 2 is somebody else from 0:00.72 on")
    assert reviewed.lines()[1:] == ["split,2,0.72,,"]
    reviewed.press("Redo")
    until(page, f"{LIST}.length === 2")
    assert reviewed.lines()[1:] == ["split,2,0.72,,", "hide,3,,,"]
    # Person 1 is not there at that time: the line is named, and nothing has changed.
    page.evaluate("FerBatch.player.seek(14)")
    until(page, "document.querySelector('#edit-split-at').textContent === '0:00.56'")
    reviewed.press("From this frame", "To this frame", "Person 1", "Do not count")
    until(page, "document.querySelector('#edit-said').classList.contains('wrong')")
    assert "line 4: person 1 is not there at that time" in page.text_content("#edit-said")
    assert len(reviewed.lines()) == 3 and page.evaluate(f"{LIST}.length") == 2


def test_who_is_in_no_counted_time_is_gone_and_the_number_is_the_next_ones(
    reviewed: Reviewed,
) -> None:
    page = reviewed.page
    show_frame(reviewed, 12)
    reviewed.press("From this frame")
    show_frame(reviewed, 23)
    reviewed.press("To this frame", "Do not count")
    reviewed.made("Nobody is counted from 0:00.48 to 0:00.96")
    assert page.evaluate(CHIPS) == ["Person 1"]
    show_frame(reviewed, 30)
    reviewed.press("Whole input", "Person 1", "Somebody else from 0:01.20 on")
    until(page, f"{CHIPS}.join() === 'Person 1,Person 2'")
    reviewed.press("Person 2")
    page.get_by_label("Name").fill("Anna")
    page.keyboard.press("Enter")
    until(page, f"{CHIPS}.join() === 'Person 1,Anna'")
    assert reviewed.lines()[1:] == ["ignore,,0.48,0.96,", "split,1,1.2,,", "name,2,,,Anna"]
    # Of whom some is left stays, and loses nothing else.
    reviewed.press("Undo", "Undo", "Undo")
    until(page, f"{LIST}.length === 0")
    show_frame(reviewed, 20)
    reviewed.press("To this frame", "Person 2", "Leave out")
    until(page, f"{LIST}.length === 1")
    assert page.evaluate(CHIPS) == ["Person 1", "Person 2"]


def test_a_span_begins_and_ends_with_the_frames_that_were_shown(
    tmp_path: Path, chromium: Chromium
) -> None:
    """Times of 29.97 frames a second have no end: thousandths put every other frame elsewhere."""
    ntsc = Recipe(fps=30, time_base=Fraction(1001, 30_000))
    out = make_results(tmp_path, ntsc)
    with served(out, NAME, chromium, Reviewed) as reviewed:
        page = reviewed.page
        for first, last in ((2, 3), (14, 15), (26, 29), (32, 32)):
            show_frame(reviewed, first)
            reviewed.press("From this frame")
            show_frame(reviewed, last)
            reviewed.press("To this frame", "Do not count")
        until(page, f"{LIST}.length === 4")
        edits = parse_edits(tuple(reviewed.lines()))
        found = corrected(read_timeline(out / NAME / TIMELINE), edits)
    skipped = np.flatnonzero(found.status == FrameStatus.SKIPPED).tolist()
    assert skipped == [2, 3, 14, 15, 26, 27, 28, 29, 32]


def show_frame(reviewed: Reviewed, frame: int) -> None:
    reviewed.page.evaluate(f"FerBatch.player.seek({frame})")
    until(reviewed.page, f"FerBatch.state.frame === {frame}")


def test_the_keyboard_does_it_all(reviewed: Reviewed) -> None:
    page = reviewed.page
    page.locator(".chip").first.focus()
    page.keyboard.press("Space")
    until(page, "document.querySelector('.chip').getAttribute('aria-pressed') === 'true'")
    page.locator("[data-act=main]").focus()
    page.keyboard.press("Enter")
    reviewed.made("Person 1 is the main person")
    assert reviewed.lines()[1:] == ["main,1,,,"]
    page.locator(".chip").first.focus()
    page.keyboard.press("Space")
    page.select_option("#edit-label", "sad")
    page.locator("[data-act=label]").focus()
    page.keyboard.press("Enter")
    until(page, f"{LIST}.length === 2")
    assert reviewed.lines()[2] == "label,1,,,sad"


@pytest.mark.parametrize("width", [1280, 700, 390])
def test_from_disk_the_file_is_downloaded(visits: Visits, tmp_path: Path, width: int) -> None:
    result = make_result(tmp_path / "a", made.timeline(100, people=3))
    page = visits.open(result / "report.html", width=width)
    page.locator("#corrections summary").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("Person 2", "Person 3", "Same person"):
        page.get_by_role("button", name=name, exact=True).click()
    page.evaluate("FerBatch.player.seek(25)")
    until(page, "document.querySelector('#edit-split-at').textContent === '0:01.00'")
    for name in ("From this frame", "Person 1", "Leave out"):
        page.get_by_role("button", name=name, exact=True).click()
    with page.expect_download() as found:
        page.get_by_role("button", name="Download edits.csv").click()
    found.value.save_as(tmp_path / "edits.csv")
    lines = tuple((tmp_path / "edits.csv").read_text("utf-8").splitlines())
    edits = [(e.do, e.person, e.value, e.start_s) for e in parse_edits(lines)]
    assert edits == [("merge", 3, "2", 0.0), ("hide", 1, "", 1.0)]
    assert "fer-batch render" in page.text_content("#edit-said")
    visits.requests[:] = [url for url in visits.requests if not url.startswith("blob:")]
