"""Pages built again from what is stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fer_batch.errors import InputError, NotFoundError, UnreadableError
from fer_batch.output.report.index import write_index
from fer_batch.output.report.rebuild import rebuild
from fer_batch.output.summary import describe_outputs, write_summary
from tests.output.report import made
from tests.output.report.conftest import make_result, stored


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_result_is_built_again_byte_for_byte(tmp_path: Path, clip: Path) -> None:
    folder = make_result(tmp_path / "x", made.timeline(60, no_face=(3, 9)), clip)
    before = files(folder)
    (folder / "report.html").unlink()
    for path in (folder / "report").glob("*.js"):
        path.unlink()
    assert rebuild(folder) == [folder / "report.html"]
    after = files(folder)
    assert after.keys() == before.keys()
    # Boxes and probabilities in the table are rounded; all that a page shows is as it was.
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"report/data.js"}


def test_the_summary_keeps_knowing_its_outputs(tmp_path: Path) -> None:
    timeline = made.timeline(30)
    folder = make_result(tmp_path / "x", timeline)
    (folder / "report" / "raw-000.js").write_text("of a longer version")
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    listed = describe_outputs(folder, set(names) - {"summary.json"})
    facts = made.summary_of(timeline, outputs=listed)
    write_summary(facts, folder / "summary.json")
    (folder / "report.html").write_text("of an older version")
    rebuild(folder)
    now = json.loads((folder / "summary.json").read_text())
    assert now.pop("outputs") == describe_outputs(folder, set(names) - {"summary.json"})
    facts.pop("outputs")
    assert now == facts
    assert not (folder / "report" / "raw-000.js").exists()


def test_results_are_built_again_with_their_way_back(tmp_path: Path) -> None:
    folders = [tmp_path / "b.mp4", tmp_path / "P01" / "a.mp4"]
    for folder in folders:
        made_here = made.timeline(20, name=folder.name)
        make_result(folder, made_here, input={"sha256": folder.name})
    pages = rebuild(tmp_path)
    assert pages == [folders[1] / "report.html", folders[0] / "report.html"]
    assert '"../index.html"' in (folders[0] / "report.html").read_text(encoding="utf-8")
    assert '"../../index.html"' in (folders[1] / "report.html").read_text(encoding="utf-8")


def test_a_result_of_an_indexed_batch_keeps_its_way_back(tmp_path: Path) -> None:
    folder = make_result(tmp_path / "P01" / "x", made.timeline(20))
    write_index(tmp_path, [stored(folder)])
    rebuild(folder)
    assert '"../../index.html"' in (folder / "report.html").read_text(encoding="utf-8")


def test_what_cannot_be_built_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such folder"):
        rebuild(tmp_path / "nowhere")
    with pytest.raises(NotFoundError, match="holds no results"):
        rebuild(tmp_path)
    folder = make_result(tmp_path / "x", made.timeline(20))
    (folder / "timeline.csv").write_text("frame\nx\n")
    with pytest.raises(InputError, match=r"timeline\.csv"):
        rebuild(folder)
    (folder / "timeline.csv").unlink()
    with pytest.raises(NotFoundError, match=r"timeline\.csv"):
        rebuild(folder)
    for text in ("{", json.dumps([1])):
        (folder / "summary.json").write_text(text)
        with pytest.raises(UnreadableError, match=r"summary\.json"):
            rebuild(folder)
