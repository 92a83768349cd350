"""demo: the clip, the results, and where they are."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.end_to_end.conftest import fer_batch, leftovers


def test_demo_shows_what_it_made(tmp_path: Path) -> None:
    done = fer_batch("demo", "-o", "shown", "--seconds", "2", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    out = tmp_path / "shown"
    assert (out / "demo.mp4").stat().st_size > 50_000
    for name in ("annotated.mp4", "timeline.csv", "preview.gif", "timeline.png", "summary.json"):
        assert (out / "demo" / name).is_file()
        assert f"shown/demo/{name}" in done.stdout
    with (out / "demo" / "timeline.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 100
    assert {row["face_id"] for row in rows} == {"1", "2"}
    assert leftovers(out) == []
    # The same clip again is the same work: nothing to do.
    again = fer_batch("demo", "-o", "shown", "--seconds", "2", cwd=tmp_path)
    assert again.returncode == 0 and "up to date" in again.stdout


def test_a_place_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = fer_batch("demo", "-o", tmp_path / "file")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
