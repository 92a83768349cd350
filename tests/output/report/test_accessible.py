"""axe-core finds no serious fault, in both themes and at both widths."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_batch.output.report.index import write_index
from fer_batch.output.stored import Failure
from tests.output.report import made
from tests.output.report.conftest import Visits, make_result, stored, until
from tests.output.report.test_photos_in_browser import photos
from tests.output.report.test_photos_in_browser import stored as stored_photos

pytestmark = pytest.mark.browser

PACKAGE = "axe-core@4.10.3"
FETCHED = Path(__file__).parents[3] / "node_modules" / ".axe-core"


@pytest.fixture(scope="session")
def axe() -> str:
    """The checker's source, from npm; kept in a folder that git ignores."""
    kept = FETCHED / f"{PACKAGE}.min.js"
    if not kept.is_file():
        if shutil.which("npm") is None:
            pytest.skip(f"no npm on this machine to fetch {PACKAGE}")
        FETCHED.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "pack", "--silent", PACKAGE],
            cwd=FETCHED,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "npm_config_update_notifier": "false"},
            check=False,
        )
        if done.returncode:
            pytest.skip(f"npm cannot fetch {PACKAGE}: {done.stderr.strip()[-200:]}")
        with tarfile.open(FETCHED / done.stdout.strip().splitlines()[-1]) as archive:
            source = archive.extractfile("package/axe.min.js")
            assert source is not None
            kept.write_bytes(source.read())
    return kept.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Path:
    """A gallery with a result, a warning and a failure."""
    out = tmp_path_factory.mktemp("batch")
    labels = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    timeline = made.timeline(60, labels=labels, no_face=(10, 20), warnings=("look out",))
    result = make_result(out / "a.mp4", timeline, clip, input={"has_audio": True})
    write_index(out, [stored(result)], [Failure("b.mp4", "b.mp4: not a video")])
    return out


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["a.mp4/report.html", "index.html"])
def test_no_serious_fault(
    batch: Path, axe: str, visits: Visits, name: str, scheme: str, width: int
) -> None:
    page = visits.open(batch / name, width=width, color_scheme=scheme)
    until(page, "document.readyState === 'complete'")
    assert faults(page, axe) == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_in_photos(
    tmp_path: Path, axe: str, visits: Visits, scheme: str, width: int
) -> None:
    seen = [(0, 0.9, 0.05, 0.05), (0, 0.1, 0.8, 0.1), (2, 0.2, 0.2, 0.6), (3, 0.9, 0.05, 0.05)]
    album = replace(photos(5, seen, 4), person=np.array([1, -1, 12, 2]), names={12: "Anna"})
    page = visits.open(
        stored_photos(tmp_path / "album", album, 4), width=width, color_scheme=scheme
    )
    page.locator("#corrections summary").click()
    assert faults(page, axe) == []
    page.locator("#grid button").first.click()
    until(page, "document.querySelectorAll('.face-box').length === 2")
    page.locator(".face-choose").first.click()
    page.get_by_role("button", name="Leave out everywhere").click()
    page.locator(".face-choose").nth(1).click()
    assert faults(page, axe) == []


def faults(page: Any, axe: str) -> list[str]:
    """What axe-core finds in a page that matters."""
    page.evaluate(axe)
    # Without fetching the styles again, which the page's policy forbids.
    found = page.evaluate("axe.run(document, {preload: false})")
    assert len(found["passes"]) > 20
    return [
        f"{fault['impact']} {fault['id']}: {[node['target'] for node in fault['nodes']][:4]}"
        for fault in found["violations"]
        if fault["impact"] in ("moderate", "serious", "critical")
    ]
