"""``index.html`` in a real browser: sorting, filtering, previews, and trouble first-class."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from fer_batch.output.formats.combine import write_combined
from fer_batch.output.report.index import write_index
from fer_batch.output.stored import Failure
from tests.output.report import made
from tests.output.report.conftest import Visits, make_result, stored, until

pytestmark = pytest.mark.browser

HOSTILE = '<script>document.title="owned"<\\script> "x" onload=1 é#%?.mp4'


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four results and one failure in a folder."""
    out = tmp_path_factory.mktemp("gallery")
    results = [
        make_result(out / "b10.mp4", made.timeline(50, name="b10.mp4", people=1)),
        make_result(out / "b9.mp4", made.timeline(125, name="b9.mp4", people=3)),
        make_result(out / "nobody.mp4", made.timeline(20, name="n", people=0, no_face=(0, 20))),
        make_result(
            out / HOSTILE,
            made.timeline(75, name=HOSTILE, decode_error=(10, 20), warnings=("ten <i>frames</i>",)),
        ),
    ]
    for folder in results:
        for picture in sorted((folder / "report").glob("*.jpg"))[:1]:
            (folder / "preview.gif").write_bytes(picture.read_bytes())
    found = [stored(each) for each in results]
    write_combined(out, found)
    write_index(
        out,
        found,
        [Failure("holiday <b>.mp4", "holiday.mp4: <img src=x> not a video")],
    )
    return out


def shown(page: Any) -> list[str]:
    # Not inner texts: cards below the screen are not laid out before they are needed.
    return page.locator(".item:visible h2").all_text_contents()


def test_sorting_by_every_key(gallery: Path, visits: Visits) -> None:
    page = visits.open(gallery / "index.html")
    failed = "holiday <b>.mp4"
    assert shown(page) == ["b10.mp4", "b9.mp4", "nobody.mp4", HOSTILE, failed]
    page.select_option("#sort", "name")
    names = shown(page)
    assert names.index("b9.mp4") < names.index("b10.mp4") < names.index("nobody.mp4")
    page.select_option("#sort", "duration")
    assert shown(page) == [failed, "nobody.mp4", "b10.mp4", HOSTILE, "b9.mp4"]
    page.click("#order")
    assert shown(page) == ["b9.mp4", HOSTILE, "b10.mp4", "nobody.mp4", failed]
    page.select_option("#sort", "people")
    assert shown(page) == ["b9.mp4", HOSTILE, "b10.mp4", "nobody.mp4", failed]
    page.select_option("#sort", "state")
    assert shown(page)[:2] == [failed, HOSTILE]
    page.click("#order")
    page.select_option("#sort", "coverage")
    assert shown(page)[:2] == [failed, "nobody.mp4"]


def test_filtering_by_word_state_and_emotion(gallery: Path, visits: Visits) -> None:
    page = visits.open(gallery / "index.html")
    assert page.inner_text("#count") == "5 results"
    page.fill("#find", "B9")
    assert shown(page) == ["b9.mp4"]
    assert page.inner_text("#count") == "1 of 5 results"
    page.fill("#find", "not a video")
    assert shown(page) == ["holiday <b>.mp4"]
    page.fill("#find", "")
    page.select_option("#state", "warning")
    assert shown(page) == [HOSTILE]
    page.select_option("#state", "error")
    assert shown(page) == ["holiday <b>.mp4"]
    page.select_option("#emotion", "happy")
    assert shown(page) == []
    page.click("#clear")
    assert len(shown(page)) == 5
    page.select_option("#emotion", page.locator("#emotion option").nth(1).inner_text())
    found = page.locator(".item:visible").evaluate_all("e => e.map(x => x.dataset.emotion)")
    assert found and len(set(found)) == 1 and found[0]


def test_foreign_text_is_shown_never_run(gallery: Path, visits: Visits) -> None:
    page = visits.open(gallery / "index.html")
    assert page.title() == "Results · fer-batch"
    assert page.locator("img[src=x]").count() == 0
    texts = page.locator(".notice").all_inner_texts()
    assert [t.split("\n")[-1] for t in texts] == [
        "ten <i>frames</i>",
        "holiday.mp4: <img src=x> not a video",
    ]
    page.get_by_role("link", name=HOSTILE).click()
    page.wait_for_selector("html[data-ready]")
    assert page.inner_text("h1") == HOSTILE
    assert page.title() == f"{HOSTILE} · fer-batch"


def test_previews_play_under_the_pointer_or_the_focus(gallery: Path, visits: Visits) -> None:
    page = visits.open(gallery / "index.html")
    card = page.locator(".item").first
    picture = card.locator("img")
    still = picture.get_attribute("src")
    assert still.endswith(".jpg")
    card.hover()
    assert picture.get_attribute("src") == "b10.mp4/preview.gif"
    page.mouse.move(1, 1)
    assert picture.get_attribute("src") == still
    card.locator("h2 a").focus()
    assert picture.get_attribute("src") == "b10.mp4/preview.gif"


def test_previews_stay_still_where_motion_is_unwanted(gallery: Path, visits: Visits) -> None:
    page = visits.open(gallery / "index.html", reduced_motion="reduce")
    card = page.locator(".item").first
    card.hover()
    assert card.locator("img").get_attribute("src").endswith(".jpg")


def test_every_link_leads_to_a_file(gallery: Path, visits: Visits) -> None:
    page = visits.open(gallery / "index.html")
    links = page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)")
    pictures = page.evaluate("[...document.images].map(i => i.src)")
    missing = page.evaluate(
        "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
    )
    assert missing == []
    for url in [*links, *pictures]:
        parts = urlsplit(url)
        if parts.fragment != "main":
            assert Path(unquote(parts.path)).is_file(), url
    names = {Path(unquote(urlsplit(url).path)).name for url in links}
    assert {"frames.csv", "people.csv", "intervals.csv", "timeline.csv", "emotions.eaf"} <= names


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_in_both_themes(gallery: Path, visits: Visits, width: int, scheme: str) -> None:
    page = visits.open(gallery / "index.html", width=width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.get_attribute("html", "data-theme") == scheme
    page.click("#theme")
    assert page.get_attribute("html", "data-theme") != scheme
    until(page, "document.images.length > 0")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_which_way_to_sort_stands_beside_by_what(gallery: Path, visits: Visits, width: int) -> None:
    page = visits.open(gallery / "index.html", width=width)
    by, way = (page.locator(name).bounding_box() for name in ("#sort", "#order"))
    assert way["x"] >= by["x"] + by["width"]
    assert abs((way["y"] + way["height"]) - (by["y"] + by["height"])) <= 1
