"""A real browser, and a watch over what pages do in it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fer_batch.output.report.page import write_report
from fer_batch.output.stored import Stored, read_record
from fer_batch.output.write import write_output
from fer_batch.outputs import output_called
from tests.footage import pictures, videos
from tests.output.report import made
from tests.output.report.browser import Chromium, of_ordinary_priority

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

LIMIT_S = 240.0
"""For what one test does in the browser: tests take seconds, a hung browser for ever."""
# Uneven steps of milliseconds, as phones record: 60 frames in about 2.6 s.
UNEVEN_MS = tuple(sum((40, 33, 67, 21, 55)[i % 5] for i in range(n)) for n in range(60))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """The machine's own Chromium, driven by Playwright; nothing is downloaded."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    program = of_ordinary_priority(path, tmp_path_factory.mktemp("chromium"))
    with playwright.sync_playwright() as driver:
        chromium = Chromium(driver, program)
        yield chromium
        chromium.close()


def until(page: Any, expression: str, seconds: float = 15.0) -> None:
    """Wait until a JavaScript expression is true; the page's policy forbids Playwright's own way,
    which evaluates text inside the page."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never came true: {expression}"
        page.wait_for_timeout(20)


@dataclass
class Visits:
    """Opens pages from disk; remembers what they complain about and ask for."""

    browser: Any
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    def open(self, path: Path, *, width: int = 1280, fragment: str = "", **options: Any) -> Any:
        """A page of its own browser context. A report is waited for until it is usable."""
        context = self.browser.new_context(viewport={"width": width, "height": 900}, **options)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(path.as_uri() + fragment)
        if path.name == "report.html":
            page.wait_for_selector("html[data-ready]")
        return page

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)


@pytest.fixture
def visits(chromium: Chromium) -> Iterator[Visits]:
    """Fails the test if a page wrote to the console or asked for anything but files."""
    with chromium.opened(LIMIT_S) as browser:
        visits = Visits(browser)
        yield visits
        for context in visits.contexts:
            context.close()
    assert visits.faults == []
    assert [url for url in visits.requests if not url.startswith("file:")] == []


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An H.264 video of 60 frames that bear their number, at uneven times."""
    path = tmp_path_factory.mktemp("clip_of_tests") / "annotated.mp4"
    frames = [pictures.numbered(i, 320, 180) for i in range(60)]
    recipe = videos.Recipe(pts=UNEVEN_MS, time_base=made.MILLISECOND, b_frames=2)
    return videos.write(path, frames, recipe)


@pytest.fixture(scope="session")
def result(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Path:
    """A whole result of ``clip``: two people, 12 frames without a face, 4 that do not decode."""
    folder = tmp_path_factory.mktemp("out") / "made up.mp4"
    timeline = made.timeline(
        60,
        times=made.seconds(UNEVEN_MS),
        episode_s=0.5,
        no_face=(20, 32),
        decode_error=(40, 44),
        warnings=("4 frames could not be decoded",),
    )
    return make_result(folder, timeline, clip)


MakeResult = Callable[..., Path]


def stored(folder: Path) -> Stored:
    """A result in ``folder`` as the page of all results is given it."""
    return Stored(folder.name, folder, read_record(folder))


def make_result(folder: Path, timeline: Any, video: Path | None = None, **facts: Any) -> Path:
    """Store ``timeline`` in ``folder`` with every format and the report."""
    summary = made.summary_of(timeline, **facts)
    made.store(folder, timeline, summary)
    if video:
        shutil.copyfile(video, folder / "annotated.mp4")
    for name in ("intervals", "people", "vtt", "eaf"):
        write_output(output_called(name), folder, timeline)
    write_report(folder, timeline, summary)
    return folder
