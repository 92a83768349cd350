"""``fer-batch open`` and ``fer-batch report``."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fer_batch.cli.report import find_page
from fer_batch.errors import NotFoundError
from tests.end_to_end.conftest import PROGRAM
from tests.output.report import made
from tests.output.report.conftest import make_result


def fer_batch(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
        timeout=120,
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder of two results with an index."""
    for name in ("a.mp4", "b c.mp4"):
        content = {"sha256": name}
        make_result(tmp_path / "out" / name, made.timeline(20, name=name), input=content)
    assert fer_batch("report", tmp_path / "out").returncode == 0
    return tmp_path / "out"


def test_open_hands_the_page_to_the_browser(out: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s" "$1" > "{seen}"\n')
    browser.chmod(0o755)
    done = fer_batch("open", out / "b c.mp4", BROWSER=f"{browser} %s")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == str(out / "b c.mp4" / "report.html")
    assert seen.read_text() == (out / "b c.mp4" / "report.html").as_uri()


def test_a_batch_opens_at_its_index(out: Path) -> None:
    done = fer_batch("open", out, "--print")
    assert done.stdout.strip() == str(out / "index.html")


def test_report_names_every_page_it_made(out: Path) -> None:
    pages = [out / "index.html", out / "a.mp4" / "report.html", out / "b c.mp4" / "report.html"]
    for page in pages:
        page.unlink()
    done = fer_batch("report", out)
    assert done.stdout.splitlines() == [str(page) for page in pages]
    assert all(page.is_file() for page in pages)


def test_a_damaged_result_leaves_the_others_their_pages(out: Path, tmp_path: Path) -> None:
    pages = [out / "index.html", out / "b c.mp4" / "report.html"]
    for page in pages:
        page.unlink()
    (out / "a.mp4" / "timeline.csv").unlink(missing_ok=True)
    (out / "a.mp4" / ".timeline.npz").write_bytes(b"no timeline")
    done = fer_batch("report", tmp_path / "nowhere", out)
    assert done.returncode == 1 and done.stdout.splitlines() == [str(page) for page in pages]
    assert all(page.is_file() for page in pages)
    assert len(done.stderr.splitlines()) == 2
    assert "nowhere" in done.stderr and "a.mp4" in done.stderr


def test_what_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    for command in ("open", "report"):
        for place in (tmp_path / "no" / "where", tmp_path):
            done = fer_batch(command, place)
            assert (done.returncode, done.stdout) == (1, "")
            (line,) = done.stderr.splitlines()
            assert str(place) in line


def test_results_without_pages_say_how_to_make_them(tmp_path: Path) -> None:
    made.store(tmp_path / "x", made.timeline(5), made.summary_of(made.timeline(5)))
    with pytest.raises(NotFoundError, match="fer-batch report"):
        find_page(tmp_path)


def test_a_name_that_is_neither_folder_nor_job(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    done = fer_batch("open", "typo", XDG_STATE_HOME=state, FER_BATCH_STATE_DIR=state)
    assert done.returncode == 1 and done.stdout == ""
    assert "typo: there is no such folder, and no queue runs here" in done.stderr
