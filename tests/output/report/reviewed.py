"""A page as `fer-batch review` serves it, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from fer_batch.cli.review.server import ReviewServer
from fer_batch.cli.review.session import Session
from tests.output.report.browser import Chromium
from tests.output.report.conftest import LIMIT_S, until

LIST = "[...document.querySelectorAll('#edit-list li')].map((item) => item.textContent)"


@dataclass
class Reviewed:
    """``page`` shows the result ``name`` of the folder ``out``."""

    page: Any
    out: Path
    name: str
    faults: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """What ``edits.csv`` holds."""
        path = self.out / self.name / "edits.csv"
        return path.read_text("utf-8").splitlines() if path.exists() else []

    def press(self, *names: str) -> None:
        """Click on buttons, one after the other."""
        for name in names:
            self.page.get_by_role("button", name=name, exact=True).click()

    def made(self, *words: str) -> None:
        """Wait until these are the corrections made so far."""
        until(self.page, f"{LIST}.join('|') === {'|'.join(words)!r}")


Kind = TypeVar("Kind", bound=Reviewed)


@contextmanager
def served(out: Path, name: str, chromium: Chromium, kind: type[Kind]) -> Iterator[Kind]:
    """The page of ``name``, opened through the server's entrance; no script of it may fail."""
    with (
        ReviewServer(Session(out)) as server,
        chromium.opened(LIMIT_S) as browser,
        browser.new_context(viewport={"width": 1280, "height": 900}) as context,
    ):
        page = context.new_page()
        found = kind(page, out, name)
        page.on("pageerror", lambda error: found.faults.append(str(error)))
        page.goto(server.entrance)
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_selector("html[data-ready]")
        yield found
        server.session.stop()
    assert found.faults == []
