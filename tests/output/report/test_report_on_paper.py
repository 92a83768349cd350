"""``report.html`` as a browser prints it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.output.report.conftest import Visits, until

pytestmark = pytest.mark.browser


def test_paper_is_light_and_wide_enough_for_its_charts(visits: Visits, result: Path) -> None:
    page = visits.open(result / "report.html", color_scheme="dark")
    page.evaluate(
        """addEventListener("beforeprint", () => queueMicrotask(() =>
          window.onPaper = {
            theme: document.documentElement.dataset.theme,
            widths: [...document.querySelectorAll("#panels canvas")].map((c) => c.clientWidth),
          }))"""
    )
    width = page.evaluate("document.querySelector('#panels canvas').clientWidth")

    page.pdf(format="A4")

    on_paper = page.evaluate("onPaper")
    assert on_paper["theme"] == "light"
    assert on_paper["widths"] and max(on_paper["widths"]) <= 640 < width
    until(page, f"document.querySelector('#panels canvas').clientWidth === {width}")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("name", ["#corrections", ".transport", ".top"])
def test_what_only_works_on_a_screen_is_not_printed(
    visits: Visits, result: Path, name: str
) -> None:
    page = visits.open(result / "report.html")
    assert page.locator(name).is_visible()

    page.emulate_media(media="print")

    assert not page.locator(name).is_visible()
