"""Wrong usage: one clear line, exit status 2, nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.conftest import fer_batch


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "{clip}", "-o", "{file}"], "is a file"),
        (["run", "{clip}", "-o", "{file}/below"], "{file}"),
        (["run", "{clip}", "-o", "{new}", "--model", "fer99"], "fer99"),
        (["run", "{clip}", "-o", "{new}", "--detector", "eyes"], "eyes"),
        (["run", "{clip}", "-o", "{new}", "--outputs", "csv,film"], "film"),
        (["run", "{clip}", "-o", "{new}", "--labels", "cheerful"], "cheerful"),
        (["run", "{clip}", "-o", "{new}", "--gif-range", "9-3"], "9-3"),
        (["run", "{clip}", "-o", "{new}", "--device", "abacus"], "abacus"),
        (["run", "{clip}", "-o", "{new}", "--detector-model", "{clip}"], "two people.mp4"),
        (["run", "{clip}", "-o", "{new}", "--identity", "all"], "all"),
        (["submit", "{clip}", "--keep-embeddings"], "the queue keeps none"),
        (["run", "{empty}", "-o", "{new}"], "no videos or images"),
        (["run", "{clip}", "{empty}", "-o", "{empty}"], "is the folder for the results as well"),
    ],
)
def test_one_line_and_nothing_written(
    arguments: list[str], words: str, face_clip: Path, tmp_path: Path
) -> None:
    places = {"clip": face_clip, "file": tmp_path / "file", "new": tmp_path / "new"}
    places["file"].write_text("mine")
    places["empty"] = tmp_path / "empty"
    places["empty"].mkdir()
    done = fer_batch(*(a.format(**places) for a in arguments))
    assert done.returncode in (1, 2)
    assert done.returncode == 2 or "--detector-model" in arguments
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("fer-batch: ")
    assert words.format(**places) in done.stderr
    assert places["file"].read_text() == "mine"
    assert not [p for p in places["new"].rglob("*") if p.is_file()]


def test_an_input_that_is_not_there_fails_alone(face_clip: Path, tmp_path: Path) -> None:
    done = fer_batch(
        "run",
        tmp_path / "gone.mp4",
        face_clip,
        "-o",
        tmp_path / "out",
        "--outputs",
        "csv",
        "--json",
    )
    assert done.returncode == 1
    items = {Path(i["input"]).name: i for i in json.loads(done.stdout)["items"]}
    assert items["gone.mp4"]["state"] == "failed"
    assert items["gone.mp4"]["error"]["code"] == "not_found"
    assert items["two people.mp4"]["state"] == "done"
    assert items["two people.mp4"]["frames"]["total"] == 50
    assert (tmp_path / "out" / "two people" / "timeline.csv").is_file()


def test_quiet_says_nothing_when_all_is_well(face_clip: Path, tmp_path: Path) -> None:
    done = fer_batch("run", face_clip, "-o", tmp_path, "--outputs", "csv", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    # And what the results are known by, where no summary was wanted.
    names = sorted(p.name for p in (tmp_path / "two people").iterdir())
    assert names == [".summary.json", ".timeline.npz", "timeline.csv"]


def test_the_output_folder_is_not_an_input(face_clip: Path, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(face_clip.read_bytes())
    for _ in range(2):
        done = fer_batch(
            "run", tmp_path, "-o", tmp_path / "out", "--outputs", "video,csv,summary", "--json"
        )
        assert done.returncode == 0, done.stderr
        assert [i["name"] for i in json.loads(done.stdout)["items"]] == ["clip"]


def test_inputs_that_are_not_there_make_no_folder(tmp_path: Path) -> None:
    done = fer_batch("run", "typo.mp4", "-o", "out", cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    assert "typo.mp4: there is no such file or folder" in done.stderr
    done = fer_batch("run", "https://example.org/a.mp4", "-o", "out", cwd=tmp_path)
    assert "https:// is an address, download what it leads to" in done.stderr
    (tmp_path / "empty").mkdir()
    assert fer_batch("run", "empty", "-o", "out", cwd=tmp_path).returncode == 2
    assert not (tmp_path / "out").exists()
