"""Photos corrected by mouse and keyboard: served by `fer-batch review`, from disk as a download."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_batch.corrections.read import parse_edits
from tests.end_to_end.conftest import fer_batch
from tests.footage.pictures import cover, portraits
from tests.output.report.browser import Chromium
from tests.output.report.conftest import Visits, until
from tests.output.report.reviewed import LIST, Reviewed, served

pytestmark = pytest.mark.browser

ODD = 'day 1/a, "b" #é.png'
# Files in order, and who is in them: two people, one of them, the other, nobody.
FILES = ("1.png", "2.png", "3.png", ODD)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `fer-batch run` makes of four photos whose people are compared."""
    place = tmp_path_factory.mktemp("photos_of_tests")
    one, other = (cover(picture, 320, 240) for picture in portraits())
    both = np.hstack([one, cv2.resize(other, None, fx=1.25, fy=1.25)[:240, 40:360]])
    (place / "album" / "day 1").mkdir(parents=True)
    for file, picture in zip(FILES, (both, one, both[:, 320:], other), strict=True):
        done, encoded = cv2.imencode(".png", picture)
        assert done
        (place / "album" / file).write_bytes(encoded.tobytes())
    said = fer_batch("run", place / "album", "-o", place / "out", "--identity", "batch")
    assert said.returncode == 0, said.stderr
    return place / "out"


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "album" / "timeline.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Photos(Reviewed):
    """The gallery."""

    def enlarge(self, file: str) -> None:
        self.page.locator(f"#grid button[title='{file}']").click()
        until(self.page, "document.querySelectorAll('.face-box').length > 0")

    def drawn_again(self) -> None:
        with self.page.expect_event("load", timeout=120_000):  # it shows itself anew then
            self.press("Draw again")
        self.page.wait_for_selector("html[data-ready]")


@pytest.fixture
def reviewed(results: Path, tmp_path: Path, chromium: Chromium) -> Iterator[Photos]:
    out = Path(shutil.copytree(results, tmp_path / "out"))
    with served(out, "album", chromium, Photos) as found:
        yield found


def test_a_face_is_corrected_in_its_photo_and_drawn_again(reviewed: Photos) -> None:
    page, before = reviewed.page, rows(reviewed.out)
    reviewed.enlarge("1.png")
    # The buttons lie on the faces, as large as the picture is shown.
    for number in (1, 2):
        row = next(r for r in before if r["file"] == "1.png" and r["face_id"] == str(number))
        shown = page.locator(".face-box").nth(number - 1).bounding_box()
        picture = page.locator("#viewer-boxes").bounding_box()
        scale = picture["width"] / 640
        assert picture["height"] == pytest.approx(240 * scale, abs=1)
        assert shown["x"] - picture["x"] == pytest.approx(float(row["x"]) * scale, abs=1 + scale)
        assert shown["width"] == pytest.approx(float(row["w"]) * scale, abs=1 + scale)
    page.locator(".face-box").nth(1).click()
    assert page.locator(".face-choose").nth(1).get_attribute("aria-pressed") == "true"
    page.select_option("#edit-label", "sad")
    reviewed.press("Set this expression")
    reviewed.made("Face 2 of 1.png looks sad")
    assert reviewed.lines() == ["do,person,value,photo", "label,2,sad,1.png"]
    assert page.locator(".face-name").nth(1).text_content().endswith(": sad")
    page.locator(".face-choose").first.click()
    reviewed.press("Leave this face out")
    reviewed.made("Face 2 of 1.png looks sad", "Face 1 of 1.png is left out")
    # What was pressed is gone; the keyboard is at what takes it back.
    until(page, "document.activeElement.id === 'edit-undo'")
    assert page.locator(".face-box").first.is_disabled()
    page.keyboard.press("Escape")
    reviewed.enlarge(ODD)
    reviewed.press("Do not count this photo")
    reviewed.made(
        "Face 2 of 1.png looks sad", "Face 1 of 1.png is left out", f"{ODD} is not counted"
    )
    assert reviewed.lines()[3] == 'ignore,,,"day 1/a, ""b"" #é.png"'
    reviewed.drawn_again()
    assert page.locator("#viewer-name").text_content() == ODD  # where the reader was
    after = rows(reviewed.out)
    first = [(r["face_id"], r["emotion"]) for r in after if r["file"] == "1.png"]
    assert first == [("2", "sad")]
    assert [r["status"] for r in after if r["file"] == ODD] == ["skipped"]
    page.keyboard.press("Escape")
    reviewed.enlarge("1.png")
    assert page.locator(".face-box").count() == 1
    # A face keeps its number where one before it is gone, and what is drawn can be taken back.
    page.locator(".face-box").click()
    page.select_option("#edit-label", "neutral")
    reviewed.press("Set this expression")
    until(page, f"{LIST}.at(-1) === 'Face 2 of 1.png looks neutral'")
    # Faster than each is saved: none is lost.
    page.evaluate("for (let i = 0; i < 4; i++) document.querySelector('#edit-undo').click()")
    until(page, f"{LIST}.length === 0")
    assert reviewed.lines() == [] and page.locator("#edit-waiting").is_visible()
    reviewed.press("Redo")
    reviewed.made("Face 2 of 1.png looks sad")
    assert reviewed.lines() == ["do,person,value,photo", "label,2,sad,1.png"]


def test_people_are_named_merged_and_told_apart_in_all_photos(reviewed: Photos) -> None:
    page = reviewed.page
    people = {(r["file"], r["face_id"]): r["person"] for r in rows(reviewed.out)}
    one, other = people["2.png", "1"], people["3.png", "1"]
    assert one != other and {people["1.png", "1"], people["1.png", "2"]} == {one, other}
    reviewed.enlarge("2.png")
    page.locator(".face-box").click()
    page.get_by_role("textbox", name="Name").fill("Anna")
    page.keyboard.press("ArrowLeft")  # goes through the letters, not to another photo
    page.keyboard.press("Enter")
    reviewed.made(f"Person {one} is called Anna")
    assert reviewed.lines()[1:] == [f"name,{one},Anna,"]
    assert page.locator(".face-name").text_content().startswith("Anna: ")
    # Beside each other they are two: that is refused, named, and nothing changes.
    page.select_option("#edit-other", other)
    reviewed.press("Same person")
    until(page, "document.querySelector('#edit-said').classList.contains('wrong')")
    assert "they cannot be one person" in page.text_content("#edit-said")
    assert len(reviewed.lines()) == 2
    page.keyboard.press("Escape")
    reviewed.enlarge("1.png")
    mine = "12".index(next(n for (f, n), p in people.items() if f == "1.png" and p == other))
    page.locator(".face-box").nth(mine).click()
    # Nobody is offered who stands beside them.
    assert page.locator("#edit-other option").all_text_contents() == ["Choose a person"]
    reviewed.press("Somebody else")
    until(page, f"{LIST}.at(-1) === 'Face {mine + 1} of 1.png is somebody else'")
    assert not page.locator("#edit-person").is_visible()
    page.keyboard.press("Escape")
    reviewed.enlarge("3.png")
    page.locator(".face-box").click()
    page.select_option("#edit-other", label="Anna")
    reviewed.press("Same person")
    until(page, f"{LIST}.at(-1) === 'Person {other} is Anna'")
    assert reviewed.lines()[3:] == [f"merge,{other},{one},"]
    assert page.locator(".face-name").text_content().startswith("Anna: ")
    reviewed.drawn_again()
    after = {(r["file"], r["face_id"]): (r["person"], r["name"]) for r in rows(reviewed.out)}
    assert after["2.png", "1"] == after["3.png", "1"] == after[ODD, "1"] == (one, "Anna")
    assert after["1.png", str(mine + 1)] == ("", "")  # nobody known
    page.locator(".face-box").click()
    reviewed.press("Leave out everywhere")
    until(page, f"{LIST}.at(-1) === 'Anna is left out of all photos'")
    assert reviewed.lines()[-1] == f"hide,{one},,"


def test_the_keyboard_does_it_all(reviewed: Photos) -> None:
    page = reviewed.page
    page.locator("#grid button").first.focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.face-box').length === 2")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator(".face-box").first.get_attribute("aria-pressed") == "true"
    page.locator("#edit-label").focus()
    page.keyboard.press("s")  # a letter chooses in the list
    wanted = page.locator("#edit-label").input_value()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    reviewed.made(f"Face 1 of 1.png looks {wanted}")
    page.locator(".face-choose").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#viewer-name").text_content() == "2.png"


def test_a_file_made_by_hand_gets_the_columns_that_it_lacks(reviewed: Photos) -> None:
    path = reviewed.out / "album" / "edits.csv"
    person = next(r["person"] for r in rows(reviewed.out) if r["file"] == "2.png")
    path.write_text(f"do,person,value\n# by hand\nname,{person},Anna\n", "utf-8")
    reviewed.page.reload()
    reviewed.made(f"Person {person} is called Anna")
    reviewed.enlarge("1.png")
    reviewed.page.locator(".face-box").first.click()
    reviewed.press("Leave this face out")
    until(reviewed.page, f"{LIST}.length === 2")
    assert reviewed.lines() == [
        "do,person,value,photo",
        "# by hand",
        f"name,{person},Anna",
        "hide,1,,1.png",
    ]


def test_faces_of_a_photo_that_was_shrunk(visits: Visits, tmp_path: Path) -> None:
    """Photos of more than 16 megapixels are drawn at half their size; boxes are of the file."""
    place = tmp_path / "large"
    place.mkdir()
    width, height = 4800, 3600
    large = cv2.resize(cover(portraits()[1], 640, 480), (width, height))
    cv2.imwrite(str(place / "a.jpg"), large)
    said = fer_batch("run", place, "-o", tmp_path / "out")
    assert said.returncode == 0, said.stderr
    result = tmp_path / "out" / "large"
    with (result / "timeline.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    page = visits.open(result / "report.html", fragment="#photo=0")
    until(page, "document.querySelectorAll('.face-box').length === 1")
    assert page.evaluate("document.querySelector('#viewer-image').naturalWidth") == width // 2
    shown = page.locator(".face-box").bounding_box()
    picture = page.locator("#viewer-boxes").bounding_box()
    for side, whole in (("width", width), ("height", height)):
        share = shown[side] / picture[side]
        assert share == pytest.approx(float(row[side[0]]) / whole, abs=0.005)
    assert "report/shrunk.json" in (result / "summary.json").read_text("utf-8")
    # Of results of versions before nobody knows; then faces are chosen beside the picture.
    (result / "report" / "shrunk.json").unlink()
    assert fer_batch("report", tmp_path / "out").returncode == 0
    page = visits.open(result / "report.html", fragment="#photo=0")
    until(page, "document.querySelector('#viewer-image').complete")
    page.locator(".face-choose").click()
    assert page.locator(".face-box").count() == 0
    assert page.get_by_role("button", name="Leave this face out").is_enabled()


@pytest.mark.parametrize("width", [1280, 480])
def test_from_disk_the_file_is_downloaded(
    results: Path, visits: Visits, tmp_path: Path, width: int
) -> None:
    page = visits.open(results / "album" / "report.html", width=width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#grid button").first.click()
    until(page, "document.querySelectorAll('.face-box').length === 2")
    page.locator(".face-box").nth(1).click()
    for name in ("Leave this face out", "Do not count this photo"):
        page.get_by_role("button", name=name, exact=True).click()
    assert page.evaluate(
        "document.querySelector('.viewer-side').scrollWidth"
        " <= document.querySelector('.viewer-side').clientWidth"
    )
    with page.expect_download() as found:
        page.get_by_role("button", name="Download edits.csv").click()
    found.value.save_as(tmp_path / "edits.csv")
    lines = tuple((tmp_path / "edits.csv").read_text("utf-8").splitlines())
    edits = [(e.do, e.person, e.photo) for e in parse_edits(lines)]
    assert edits == [("hide", 2, "1.png"), ("ignore", 0, "1.png")]
    assert "fer-batch render" in page.text_content("#edit-said")
    # The list is on the page too, once the photo is closed.
    page.keyboard.press("Escape")
    page.locator("#corrections summary").click()
    assert page.locator("#corrections #edit-list li").count() == 2
    visits.requests[:] = [url for url in visits.requests if not url.startswith("blob:")]
