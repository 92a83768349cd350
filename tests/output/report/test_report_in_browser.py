"""``report.html`` in a real browser: the player, the timeline, and that they agree."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.output.report.page import write_report
from tests.footage import pictures, videos
from tests.output.report import made
from tests.output.report.browser import Chromium
from tests.output.report.conftest import LIMIT_S, UNEVEN_MS, Visits, make_result, until

pytestmark = pytest.mark.browser

TIMES = made.seconds(UNEVEN_MS)
CHANGES = "() => FerBatch.data.changes"


def frame_of(page: Any) -> int:
    return int(page.evaluate("FerBatch.state.frame"))


def painted(page: Any) -> None:
    """Wait until what changed is on the screen: work is done in one frame, drawn in the next."""
    page.evaluate(
        """new Promise(done => {
          let frames = 4;
          const tick = () => (frames -= 1) ? requestAnimationFrame(tick) : done();
          tick();
        })"""
    )


def picture_of(page: Any) -> int:
    """The number in the picture that the browser shows, once it has sought."""
    until(page, "FerBatch.player.settled && video.readyState >= 2")
    painted(page)
    shot = cv2.imdecode(
        np.frombuffer(page.locator("#video").screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE
    )
    return pictures.number_of(shot)


def shows(page: Any, frame: int) -> bool:
    """Whether the browser shows that picture; a busy machine may take a while to paint it."""
    for _ in range(20):
        if picture_of(page) == frame:
            return True
        page.wait_for_timeout(50)
    return False


def quiet(page: Any) -> Any:
    """Captions off, which would lie over the numbers."""
    if page.get_attribute("#captions", "aria-pressed") == "true":
        page.click("#captions")
    return page


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def plot_point(page: Any, seconds: float, person: int = 0) -> tuple[float, float]:
    """Where the instant lies on the screen, in the chart of a person."""
    over = page.locator(".u-over").nth(person)
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    start, stop = page.evaluate("[FerBatch.state.from, FerBatch.state.to]")
    return box["x"] + (seconds - start) / (stop - start) * box["width"], box["y"] + 50


def test_it_knows_the_time_of_every_frame(result: Path, visits: Visits) -> None:
    page = visits.open(result / "report.html")
    assert page.evaluate("[...FerBatch.data.times]") == TIMES.round(6).tolist()
    expected = np.zeros(60, int)
    expected[20:32], expected[40:44] = 1, 3
    assert page.evaluate("[...FerBatch.data.status]") == expected.tolist()


def test_arrows_step_through_frames_of_uneven_length(result: Path, visits: Visits) -> None:
    page = quiet(visits.open(result / "report.html"))
    assert shows(page, 0)
    for frame in range(1, 8):
        press(page, "ArrowRight")
        assert frame_of(page) == frame and shows(page, frame)
        assert TIMES[frame] < page.evaluate("video.currentTime") < TIMES[frame + 1]
    press(page, "ArrowLeft")
    assert frame_of(page) == 6 and shows(page, 6)
    press(page, *["ArrowLeft"] * 9)
    until(page, "FerBatch.player.settled")
    assert frame_of(page) == 0 and shows(page, 0)


def test_the_last_wish_wins_when_a_seek_ends(result: Path, visits: Visits) -> None:
    """A key may be pressed after a seek has ended and before the page was told of it."""
    page = quiet(visits.open(result / "report.html"))
    assert shows(page, 0)
    page.evaluate(
        """new Promise(done => {
          const { player } = FerBatch;
          const last = () => { player.seek(3); done(); };
          addEventListener("seeked", last, { capture: true, once: true });
          player.seek(1);
          player.seek(2);
        })"""
    )
    assert shows(page, 3) and frame_of(page) == 3


def test_every_single_frame_can_be_shown(result: Path, visits: Visits) -> None:
    page = quiet(visits.open(result / "report.html"))
    for frame in np.random.default_rng(3).permutation(60).tolist():
        page.evaluate(f"FerBatch.player.seek({frame})")
        assert shows(page, frame)


def test_clicking_the_timeline_seeks(result: Path, visits: Visits) -> None:
    page = quiet(visits.open(result / "report.html"))
    for frame, person in ((45, 0), (13, 1)):
        middle = (TIMES[frame] + TIMES[frame + 1]) / 2
        page.mouse.click(*plot_point(page, middle, person))
        assert frame_of(page) == frame and shows(page, frame)
        assert TIMES[frame] < page.evaluate("video.currentTime") < TIMES[frame + 1]
        assert page.locator("#now-clock").inner_text().endswith(f"frame {frame}")


def test_dragging_the_timeline_ends_where_the_hand_does(result: Path, visits: Visits) -> None:
    page = quiet(visits.open(result / "report.html"))
    x, y = plot_point(page, 0.3)
    page.mouse.move(x, y)
    page.mouse.down()
    for seconds in (0.5, 0.9, 1.4, 1.9, (TIMES[50] + TIMES[51]) / 2):
        page.mouse.move(plot_point(page, seconds)[0], y)
    page.mouse.up()
    assert frame_of(page) == 50 and shows(page, 50)
    page.mouse.move(x, y)
    assert frame_of(page) == 50


def test_brackets_walk_the_changes(result: Path, visits: Visits) -> None:
    page = quiet(visits.open(result / "report.html"))
    changes = page.evaluate(CHANGES)
    assert len(changes) >= 3
    for change in changes:
        press(page, "]")
        assert frame_of(page) == change and shows(page, change)
    assert page.is_disabled("#change-on")
    press(page, "]")
    assert frame_of(page) == changes[-1]
    for change in reversed(changes[:-1]):
        press(page, "[")
        assert frame_of(page) == change
    press(page, "[")
    assert frame_of(page) == changes[0]


def test_the_play_head_follows_the_video(result: Path, visits: Visits) -> None:
    page = visits.open(result / "report.html")
    press(page, " ")
    until(page, "FerBatch.state.frame > 10")
    press(page, " ")
    assert page.evaluate("video.paused") is True
    painted(page)
    shown, now = page.evaluate("[FerBatch.state.frame, video.currentTime]")
    assert TIMES[shown] - 0.05 <= now <= TIMES[min(shown + 2, 59)] + 0.05
    head = page.locator(".playhead").first.bounding_box()
    x, _ = plot_point(page, page.evaluate("FerBatch.player.now()"))
    assert head["x"] + head["width"] / 2 == pytest.approx(x, abs=2)
    assert page.input_value("#seekbar") == str(shown)


def test_labels_are_toggled_in_the_legend(result: Path, visits: Visits) -> None:
    page = visits.open(result / "report.html")
    sad = page.get_by_role("button", name="sad", exact=True)
    before = page.locator(".plot canvas").first.screenshot()
    sad.click()
    painted(page)
    assert sad.get_attribute("aria-pressed") == "false"
    assert page.locator(".plot canvas").first.screenshot() != before
    sad.click()
    painted(page)
    assert sad.get_attribute("aria-pressed") == "true"
    page.get_by_label("Raw values").check()
    painted(page)
    with_raw = page.locator(".plot canvas").first.screenshot()
    assert with_raw != before
    page.get_by_label("Raw values").uncheck()
    painted(page)
    assert page.locator(".plot canvas").first.screenshot() != with_raw


def test_the_numbers_beside_the_player_are_those_of_the_frame(result: Path, visits: Visits) -> None:
    page = visits.open(result / "report.html", fragment="#frame=10")
    timeline = made.timeline(60, times=TIMES, episode_s=0.5)
    rows = page.locator(".now-row:visible")
    assert rows.count() == 2
    for number in range(2):
        values = timeline.smoothed[timeline.faces_at(10)][number]
        shown = rows.nth(number).locator(".bar-value").all_inner_texts()
        assert shown == [f"{round(float(v) * 100)}\u00a0%" for v in values]
    page.evaluate("FerBatch.player.seek(25)")
    until(page, "!document.querySelectorAll('.now-row:not([hidden])').length")
    assert page.inner_text("#now-note") == "No face in this frame"
    page.evaluate("FerBatch.player.seek(41)")
    until(page, "document.querySelector('#now-note').textContent.includes('decoded')")


def test_moments_and_episodes_seek(result: Path, visits: Visits) -> None:
    page = quiet(visits.open(result / "report.html"))
    moment = page.locator(".moment").last
    frame = int(moment.get_attribute("href").removeprefix("#frame="))
    moment.click()
    until(page, f"FerBatch.state.frame === {frame}")
    assert shows(page, frame)
    episode = page.locator(".shares a").first
    frame = int(episode.get_attribute("href").removeprefix("#frame="))
    episode.click()
    until(page, f"FerBatch.state.frame === {frame}")


def test_captions_say_who_shows_what(result: Path, visits: Visits) -> None:
    page = visits.open(result / "report.html")
    until(page, "video.textTracks[0].cues && video.textTracks[0].cues.length > 0")
    page.evaluate("FerBatch.player.seek(5)")
    until(page, "video.textTracks[0].activeCues.length === 2")
    texts = page.evaluate("[...video.textTracks[0].activeCues].map(cue => cue.text)")
    assert [text.split(" (")[0] for text in texts] == ["Person 1: happy", "Person 2: sad"]
    page.click("#captions")
    assert page.evaluate("video.textTracks[0].mode") == "hidden"
    # The browser tells of the change when it comes to it.
    until(page, "document.querySelector('#captions').getAttribute('aria-pressed') === 'false'")


def test_zoom_keeps_what_is_looked_at(result: Path, visits: Visits) -> None:
    page = visits.open(result / "report.html", fragment="#frame=30")
    press(page, "+", "+")
    start, stop = page.evaluate("[FerBatch.state.from, FerBatch.state.to]")
    assert stop - start == pytest.approx(page.evaluate("FerBatch.data.end_s") / 4)
    assert start < TIMES[30] < stop
    assert page.is_visible("#pan")
    page.mouse.click(*plot_point(page, (TIMES[29] + TIMES[30]) / 2))
    assert frame_of(page) == 29
    page.evaluate("FerBatch.player.seek(58)")
    assert page.evaluate("FerBatch.state.to") >= TIMES[58]
    press(page, "0")
    assert page.evaluate("FerBatch.state.from") == 0
    assert not page.is_visible("#pan")


def test_keys_go_to_fields_that_have_the_focus(result: Path, visits: Visits) -> None:
    page = visits.open(result / "report.html")
    page.focus("#speed")
    press(page, "ArrowRight")
    assert frame_of(page) == 0
    page.select_option("#speed", "0.5")
    assert page.evaluate("video.playbackRate") == 0.5
    page.focus("#theme")
    press(page, " ")
    assert page.evaluate("video.paused") is True


@pytest.mark.parametrize("sound", [False, True])
def test_a_video_that_starts_late_is_matched_to_its_first_frame(
    tmp_path: Path, visits: Visits, sound: bool
) -> None:
    pts = tuple(5000 + ms for ms in UNEVEN_MS)
    frames = [pictures.numbered(i, 320, 180) for i in range(60)]
    recipe = videos.Recipe(pts=pts, time_base=made.MILLISECOND, sound=sound)
    video = videos.write(tmp_path / "late.mp4", frames, recipe)
    timeline = made.timeline(60, times=TIMES)
    # The container starts at 5 s; a page that were told nothing must find out.
    for start_s in (5.0, 0.0):
        folder = tmp_path / f"out {start_s}"
        make_result(folder, timeline, video, input={"start_s": start_s, "has_audio": sound})
        page = quiet(visits.open(folder / "report.html"))
        assert shows(page, 0)
        press(page, *["ArrowRight"] * 3)
        until(page, "FerBatch.player.settled")
        assert frame_of(page) == 3 and shows(page, 3)
        page.mouse.click(*plot_point(page, (TIMES[37] + TIMES[38]) / 2))
        assert frame_of(page) == 37 and shows(page, 37)


def test_without_a_video_the_timeline_works(tmp_path: Path, visits: Visits) -> None:
    folder = make_result(tmp_path / "no video", made.timeline(50))
    page = visits.open(folder / "report.html")
    assert page.locator("video").count() == 0
    page.mouse.click(*plot_point(page, 1.02))
    assert frame_of(page) == 25
    press(page, " ", "ArrowLeft", "]")
    assert frame_of(page) in page.evaluate(CHANGES)


@pytest.mark.parametrize("width", [1280, 480])
def test_nothing_moves_while_stepping_from_a_crowd_to_nobody(
    tmp_path: Path, visits: Visits, width: int
) -> None:
    crowd = made.timeline(30, people=5, no_face=(3, 6), decode_error=(8, 9))
    page = visits.open(make_result(tmp_path / "crowd", crowd) / "report.html", width=width)
    sizes = "['.now', '.screen', '.stage'].map((s) => document.querySelector(s).offsetHeight)"
    seen, people = set(), set()
    for frame in (0, 4, 8, 10):
        page.evaluate(f"FerBatch.player.seek({frame})")
        until(page, f"document.querySelector('#now-clock').textContent.endsWith('frame {frame}')")
        seen.add(tuple(page.evaluate(sizes)))
        people.add(page.locator(".now-row:visible").count())
    assert len(seen) == 1 and people == {0, 5}
    # What does not fit is reached by scrolling.
    panel = "document.querySelector('.now')"
    assert page.evaluate(f"{panel}.scrollHeight > {panel}.clientHeight")


def test_a_missing_video_says_so(tmp_path: Path, chromium: Chromium, clip: Path) -> None:
    folder = make_result(tmp_path / "lost", made.timeline(60, times=TIMES), clip)
    (folder / "annotated.mp4").unlink()
    with chromium.opened(LIMIT_S) as browser:
        page = Visits(browser).open(folder / "report.html")
        page.wait_for_selector("#video-error:visible")
        page.context.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"people": 0, "no_face": (0, 30)},
        {"frames": 1},
        {"frames": 2, "people": 1},
        {"people": 14},
        {"every": 5},
        {"labels": ("only",)},
        {"files": tuple(f"img <i>{i}</i>.png" for i in range(30))},
    ],
    ids=lambda c: next(iter(c)),
)
def test_odd_results_make_whole_pages(
    tmp_path: Path, visits: Visits, changes: dict[str, Any]
) -> None:
    frames = changes.pop("frames", 30)
    folder = make_result(tmp_path / "odd", made.timeline(frames, **changes))
    page = visits.open(folder / "report.html")
    press(page, "ArrowRight", "]", "+", "0", "[")
    people = changes.get("people", 2)
    assert page.locator(".panel").count() == min(max(people, 1), 6)
    if people > 6:
        page.click("#more-people")
        assert page.locator(".panel").count() == 12
    if "every" in changes:
        assert page.evaluate("FerBatch.grid(0, 30, 100).x.length") == 6
    if "files" in changes:
        page.evaluate("FerBatch.player.seek(3)")
        painted(page)
        # Seeks by key may still be on their way: what counts is where it comes to rest.
        until(page, "document.querySelector('#now-note').innerText.includes('>3<')")
        assert page.inner_text("#now-note") == "img <i>3</i>.png"


def test_the_theme_follows_the_system_and_the_reader(result: Path, visits: Visits) -> None:
    page = visits.open(result / "report.html", color_scheme="dark")
    assert page.get_attribute("html", "data-theme") == "dark"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.get_attribute("html", "data-theme") == "light"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.reload()
    assert page.get_attribute("html", "data-theme") == "light"


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_screen(result: Path, visits: Visits, width: int) -> None:
    page = visits.open(result / "report.html", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator(".u-over").first.bounding_box()["width"] > width * 0.6


def test_a_moved_folder_keeps_working(result: Path, tmp_path: Path, visits: Visits) -> None:
    moved = shutil.copytree(result, tmp_path / "moved #1 100% öäü <x>")
    page = quiet(visits.open(moved / "report.html"))
    press(page, "ArrowRight")
    assert shows(page, 1)


def test_a_face_is_called_what_the_table_says(tmp_path: Path, visits: Visits) -> None:
    """Two labels may lie within one half percent; which is the stronger, the table knows."""
    close = made.timeline(10, people=1)
    close.smoothed[:] = np.array([[0.4524, 0.4531, 0.0945]], np.float32)
    page = visits.open(make_result(tmp_path / "x", close) / "report.html")
    said = page.locator("#now-people .now-verdict").text_content()
    assert said.replace("\u00a0", " ") == "sad 45 %"
    assert page.locator("#now-people .best .bar-name").text_content() == "sad"


def test_a_face_that_cannot_be_read_is_not_called_absent(tmp_path: Path, visits: Visits) -> None:
    made_up = made.timeline(20, people=1, no_face=(10, 20))
    unusable = np.ones(len(made_up.frame), bool)
    folder = make_result(tmp_path / "x", replace(made_up, unusable=unusable))
    for frame, said in ((3, "No readable face in this frame"), (12, "No face in this frame")):
        page = visits.open(folder / "report.html", fragment=f"#frame={frame}")
        assert page.inner_text("#now-note") == said


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("of_photos", [False, True])
def test_names_of_settings_do_not_run_into_their_values(
    tmp_path: Path, visits: Visits, width: int, of_photos: bool
) -> None:
    timeline = made.timeline(1, files=("a.jpg",) if of_photos else ())
    if of_photos:
        timeline = replace(timeline, time_s=np.full(1, np.nan))
    data = made.summary_of(made.timeline(1))
    plain = (AnalyzeSettings(), RenderSettings())
    data["settings"] = dict(
        zip(("analyze", "render"), (one.to_json() for one in plain), strict=True)
    )
    made.store(tmp_path, timeline, data)
    write_report(tmp_path, timeline, data)
    page = visits.open(tmp_path / "report.html", width=width)
    assert page.locator(".columns dt").count() > 30
    names = "[...document.querySelectorAll('.columns dt')]"
    assert page.evaluate(f"{names}.filter(t => t.scrollWidth > t.clientWidth).length") == 0
