"""The gallery of photos in a real browser: sorting, filtering, looking closer, ten thousand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from fer_batch.output.annotated_names import annotated_names
from fer_batch.output.report.page import write_report
from fer_batch.output.report.thumbnails import photo_thumb
from fer_batch.output.summary import summary, write_summary
from fer_batch.timeline_file import keep_in_results
from fer_batch.types import FrameStatus, Timeline
from tests.output.report.conftest import Visits, until

pytestmark = pytest.mark.browser

LABELS = ("happy", "sad", "neutral")
HOSTILE = 'trip/<img src=x onerror=alert(1)> é#%? "q".png'


def photos(
    count: int,
    faces: list[tuple[int, float, float, float]],
    unread: int,
    unusable: tuple[int, ...] = (),
) -> Timeline:
    """``faces``: photo, and the probabilities of the three labels; earlier ones are larger.
    ``unusable``: photos whose faces cannot be read."""
    frame = np.array([photo for photo, *_ in faces], np.int64)
    first = np.searchsorted(frame, frame)
    face_id = np.arange(len(frame)) - first + 1
    share = np.array([values for _, *values in faces], np.float32)
    status = np.full(count, int(FrameStatus.NO_FACE), np.int64)
    status[frame] = FrameStatus.OK
    status[unread] = FrameStatus.DECODE_ERROR
    side = 120 - 20 * face_id
    box = np.stack([side * 0 + 10, side * 0 + 8, side, side], axis=1).astype(np.float32)
    files = [f"f{i}.jpg" for i in range(count)]
    files[1] = HOSTILE
    return Timeline(
        name="album",
        labels=LABELS,
        status=status,
        time_s=np.full(count, np.nan),
        frame=frame,
        face_id=face_id.astype(np.int64),
        box=box,
        confidence=np.ones(len(frame), np.float32),
        smoothed=share,
        raw=share,
        files=tuple(files),
        unusable=np.isin(frame, unusable),
    )


def stored(folder: Path, timeline: Timeline, pictures: int) -> Path:
    """A result folder with annotated pictures of the first photos, and its page."""
    names = annotated_names(timeline.files)
    for number in range(pictures):
        picture = np.full((90, 120, 3), 40 + 3 * (number % 60), np.uint8)
        done, encoded = cv2.imencode(".jpg", picture)
        assert done
        if timeline.status[number] != FrameStatus.DECODE_ERROR:
            for name in (names[number], photo_thumb(number)):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(encoded.tobytes())
    data = summary(
        timeline,
        input={"name": "album", "kind": "photos", "sha256": "0" * 64},
        model={"name": "made up", "labels": list(LABELS)},
        detector={"name": "yunet"},
        settings={},
        timings={"total_s": 1.0},
    )
    keep_in_results(folder, timeline, {})
    write_summary(data, folder / "summary.json")
    write_report(folder, timeline, data)
    return folder / "report.html"


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight photos: 0 and 1 happy, 2 sad and beside it neutral, 3 without a face, 4 damaged."""
    faces = [
        (0, 0.7, 0.2, 0.1),
        (1, 0.9, 0.05, 0.05),
        (2, 0.1, 0.6, 0.3),
        (2, 0.05, 0.15, 0.8),
        (5, 0.2, 0.3, 0.5),
        (6, 0.3, 0.1, 0.6),
        (7, 0.05, 0.9, 0.05),
    ]
    return stored(tmp_path_factory.mktemp("out") / "album", photos(8, faces, unread=4), 8)


def names(page: Any) -> list[str]:
    return page.locator("#grid .photo-name").all_text_contents()


def words(page: Any) -> list[str]:
    return page.locator("#grid .photo-words").all_text_contents()


def test_photos_are_shown_in_order_with_what_they_show(album: Path, visits: Visits) -> None:
    page = visits.open(album)
    assert names(page) == ["f0.jpg", HOSTILE, *(f"f{i}.jpg" for i in range(2, 8))]
    spaced = [text.replace("\u00a0", " ") for text in words(page)]
    assert spaced[:5] == ["happy 70 %", "happy 90 %", "sad 60 %", "No face", "Could not be read"]
    assert page.locator("#count").text_content() == "8 photos"
    assert page.locator("#grid .photo-more:visible").all_text_contents() == ["2 faces"]
    until(
        page, "[...document.querySelectorAll('#grid img:not([hidden])')].every(i => i.naturalWidth)"
    )


def test_a_photo_whose_faces_cannot_be_read_is_not_one_without(
    tmp_path: Path, visits: Visits
) -> None:
    faces = [(0, 0.7, 0.2, 0.1), (1, 0.1, 0.8, 0.1), (3, 0.1, 0.1, 0.8)]
    page = visits.open(stored(tmp_path / "x", photos(5, faces, unread=4, unusable=(1,)), 5))
    assert words(page)[1:] == [
        "No readable face",
        "No face",
        "neutral 80\u00a0%",
        "Could not be read",
    ]
    overview = page.locator(".overview").text_content()
    assert "1 photo without a face" in overview and "1 face too bad to be read" in overview
    for value, number in (("face", 2), ("none", 2), ("unread", 1)):
        page.select_option("#show", value)
        assert len(names(page)) == number
    page.select_option("#show", "none")
    page.locator("#grid button").first.click()
    assert "No readable face" in page.locator("#viewer").inner_text()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_end_of_a_long_name_is_seen(tmp_path: Path, visits: Visits, width: int) -> None:
    made = photos(2, [(0, 0.7, 0.2, 0.1)], unread=1)
    long = "the second wave of the study, camera left, participant 0412.jpg"
    page = visits.open(
        stored(tmp_path / "x", replace(made, files=(long, "مقابلة مع المشاركة الأولى 12.jpg")), 1),
        width=width,
    )
    assert names(page)[0] == long
    for place in (0, 1):
        line = page.locator("#grid .photo-name").nth(place)
        end = line.locator("span").last.bounding_box()
        room = line.bounding_box()
        assert room["x"] <= end["x"]
        assert end["x"] + end["width"] <= room["x"] + room["width"]


def test_sorting(album: Path, visits: Visits) -> None:
    page = visits.open(album)
    page.select_option("#sort", "p:1")  # the highest first, by the likeliest face of each
    assert names(page)[:3] == ["f7.jpg", "f2.jpg", "f5.jpg"]
    assert words(page)[0].startswith("sad") and words(page)[2].startswith("sad")
    page.click("#order")
    assert names(page)[-1] == "f7.jpg"
    page.select_option("#sort", "emotion")
    page.click("#order")
    page.select_option("#sort", "name")
    if page.locator("#order").get_attribute("aria-pressed") == "true":
        page.click("#order")
    assert names(page)[0] == "f0.jpg" and names(page)[-1] == HOSTILE
    page.select_option("#sort", "faces")
    assert names(page)[0] == "f2.jpg"


def test_filters(album: Path, visits: Visits) -> None:
    page = visits.open(album)
    page.select_option("#emotion", "2")
    assert names(page) == ["f2.jpg", "f5.jpg", "f6.jpg"]
    assert words(page)[0].startswith("neutral")  # the face that was asked for
    assert page.locator("#count").text_content() == "3 of 8 photos"
    page.select_option("#emotion", "")
    for value, wanted in (("none", ["f3.jpg"]), ("unread", ["f4.jpg"]), ("several", ["f2.jpg"])):
        page.select_option("#show", value)
        assert names(page) == wanted
    page.select_option("#show", "")
    page.fill("#find", "TRIP/")
    assert names(page) == [HOSTILE]
    page.fill("#find", "nothing of this name")
    assert page.locator("#nothing").is_visible()
    page.click("#clear")
    assert len(names(page)) == 8


def test_looking_closer(album: Path, visits: Visits) -> None:
    page = visits.open(album)
    page.locator("#grid button").nth(2).click()
    viewer = page.locator("#viewer")
    assert viewer.is_visible()
    assert page.locator("#viewer-place").text_content() == "3 of 8"
    heads = page.locator(".face-name").all_text_contents()
    assert heads == ["Face 1: sad", "Face 2: neutral"]
    assert page.locator(".face-size").first.text_content() == "100 × 100 pixels"
    assert page.locator("#viewer-image").get_attribute("src") == "annotated/f2.jpg"
    assert page.url.endswith("#photo=2")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator("#viewer-nothing").text_content() == "Could not be read"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.locator("#viewer-name").text_content() == HOSTILE
    until(page, "document.querySelector('#viewer-image').naturalWidth === 120")
    page.keyboard.press("Escape")
    assert not viewer.is_visible()
    # The keyboard goes on where the reader has been.
    until(page, f"document.activeElement.title === {json.dumps(HOSTILE)}")


def test_the_address_of_a_photo_opens_it(album: Path, visits: Visits) -> None:
    page = visits.open(album, fragment="#photo=7")
    assert page.locator("#viewer-name").text_content() == "f7.jpg"


def test_the_keyboard_goes_through_the_grid(album: Path, visits: Visits) -> None:
    page = visits.open(album, width=420)
    page.locator("#grid button").first.focus()

    def here() -> str:
        found: str = page.evaluate("document.activeElement.title")
        return found

    page.keyboard.press("ArrowRight")
    assert here() == HOSTILE
    page.keyboard.press("ArrowDown")
    assert here() == "f3.jpg"
    page.keyboard.press("End")
    assert here() == "f7.jpg"
    assert page.locator("#grid button[tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    assert page.locator("#viewer").is_visible()
    page.keyboard.press("Escape")
    page.locator("#viewer").wait_for(state="hidden")
    until(page, "document.activeElement.title === 'f7.jpg'")
    page.keyboard.press("/")
    until(page, "document.activeElement.id === 'find'")


def test_ten_thousand_photos_make_cards_for_those_in_sight(tmp_path: Path, visits: Visits) -> None:
    rng = np.random.default_rng(1)
    shares = rng.dirichlet([1, 1, 1], 10_000)
    faces = [(i, *map(float, row)) for i, row in enumerate(shares) if i != 3]
    page = visits.open(stored(tmp_path / "many", photos(10_000, faces, unread=3), 12))
    assert page.locator("#count").text_content() == "10\u2009000 photos"
    assert page.locator("#grid li").count() < 120
    asked = len(visits.requests)
    assert asked < 40
    page.evaluate("scrollTo(0, document.querySelector('#grid').offsetHeight)")
    last = "[...document.querySelectorAll('.photo-name')].some(n => n.textContent === 'f9999.jpg')"
    until(page, last)
    assert page.locator("#grid li").count() < 140
    page.select_option("#sort", "p:0")
    best = int(shares[:, 0].argmax())
    assert names(page)[0] == f"f{best}.jpg"
    assert page.locator("#grid li").first.get_attribute("aria-setsize") == "10000"
    page.locator("#grid button").first.focus()
    page.keyboard.press("End")
    until(page, "document.activeElement.closest('li')?.getAttribute('aria-posinset') === '10000'")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes(theme: str, album: Path, visits: Visits) -> None:
    page = visits.open(album, color_scheme=theme)
    assert page.locator("html").get_attribute("data-theme") == theme
    page.click("#theme")
    assert page.locator("html").get_attribute("data-theme") != theme


def test_people_who_were_compared_are_named_and_found(visits: Visits, tmp_path: Path) -> None:
    faces = [(0, 0.9, 0.05, 0.05), (0, 0.1, 0.8, 0.1), (2, 0.2, 0.2, 0.6), (3, 0.9, 0.05, 0.05)]
    timeline = replace(photos(5, faces, 4), person=np.array([1, -1, 12, 2]), names={12: "Anna <b>"})
    page = visits.open(stored(tmp_path / "album", timeline, 4))
    count = "document.querySelector('#count').textContent"
    for words, shown in (("anna", "1 of 5 photos"), ("person 1", "1 of 5 photos")):
        page.get_by_label("Find").fill(words)
        until(page, f"{count}.startsWith({shown!r})")
    page.locator("#grid button, #grid a").first.click()
    until(page, "document.querySelector('#viewer').open")
    assert page.locator(".face-name").all_text_contents()[0] == "Person 1: happy"
    assert page.locator(".face-name").all_text_contents()[1] == "Face 2: sad"


def test_what_a_face_is_called_is_what_the_table_says(tmp_path: Path, visits: Visits) -> None:
    """Two labels may lie within one half percent, and half a percent is rounded as in pictures."""
    close = [(0, 0.4524, 0.4531, 0.0945), (1, 0.179164, 0.245451, 0.575385)]
    made = photos(3, close, unread=2)
    page = visits.open(stored(tmp_path / "album", made, 3))
    spaced = [text.replace("\u00a0", " ") for text in words(page)]
    assert spaced[:2] == ["sad 45 %", "neutral 58 %"]
    page.locator("#grid button").first.click()
    assert page.locator("#viewer-faces .best .bar-name").text_content() == "sad"
    assert [LABELS[i] for i in made.emotion.tolist()] == ["sad", "neutral"]
