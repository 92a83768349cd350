"""Results folders of strangers: nothing read, written or removed but what is fer-batch's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.errors import FerBatchError, OutputPathError, UnreadableError
from fer_batch.jobs.item.results import outputs_intact, remove_outputs
from fer_batch.media.walk import is_result as looks_like_result
from fer_batch.output.foreign import check_summary, refuse_links
from fer_batch.output.report.rebuild import rebuild
from fer_batch.output.stored import read_failures, read_record, stored_results
from tests.footage import pictures, videos

SHA = "0f" * 32
SHAPES: list[bytes] = [
    b"", b"[]", b"1", b"null", b"{}", b'{"outputs": {}}', b"[" * 100_000, b'{"a":' * 5000, b"\xff",
    b'{"outputs": [], "frames": {}, "input": {}}', b'{"outputs": {}, "frames": [], "input": {}}',
    b'{"outputs": {}, "frames": {"total": "x"}, "input": {}, "people": 3}',
    b'{"outputs": {}, "frames": {"total": 1}, "input": {"duration_s": "long"}, "people": []}',
    b'{"name": "my-npm-thing", "version": "1.0"}',
]  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of one film, made by the command line."""
    folder = tmp_path_factory.mktemp("made")
    film = videos.write(folder / "film.mp4", pictures.two_faces(6), videos.Recipe())
    assert fer_batch("run", str(film), "-o", str(folder / "out")).returncode == 0
    return folder / "out"


def fer_batch(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fer_batch.cli.main", *words]
    return subprocess.run(command, text=True, capture_output=True, check=False, timeout=120)


@pytest.mark.parametrize("content", SHAPES)
def test_foreign_summaries_are_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_bytes(content)
    assert read_record(tmp_path) == {}
    with pytest.raises(UnreadableError, match=r"summary\.json") as caught:
        rebuild(tmp_path)
    assert "\n" not in str(caught.value)


def test_what_is_beside_results_is_passed_over(results: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(results, out)
    for number, content in enumerate(SHAPES):
        (out / f"foreign{number}").mkdir()
        (out / f"foreign{number}" / "summary.json").write_bytes(content)
    (out / "pipe").mkdir()
    os.mkfifo(out / "pipe" / "summary.json")
    (out / "link").mkdir()
    (out / "link" / "summary.json").symlink_to("/dev/zero")
    film = results.parent / "film.mp4"
    for words in (
        ("report", str(out)),
        ("run", str(film), "-o", str(out)),
        ("render", str(out), "--blur-faces"),
        ("open", str(out), "--print"),
        ("run", str(out), "-o", str(tmp_path / "other")),
    ):
        done = fer_batch(*words)
        assert "Traceback" not in done.stderr, done.stderr[-2000:]
        assert done.returncode in ((0,) if words[0] != "run" or words[1] == str(film) else (1, 2))


@pytest.mark.parametrize("name", ["/dev/zero", "../film.mp4", "a/../../x", "pipe", "link/x", "l"])
def test_outputs_that_lead_elsewhere(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    victim = tmp_path / "film.mp4"
    victim.write_bytes(b"1")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_bytes(b"1")
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "l").symlink_to(victim)
    summary = {"outputs": {name: {"sha256": SHA, "bytes": 1}}}
    assert not outputs_intact(folder, summary)
    remove_outputs(folder, summary)
    assert victim.exists() and (tmp_path / "elsewhere" / "x").exists()


def test_nothing_is_removed_that_is_not_named(tmp_path: Path) -> None:
    kept = ["notes.md", "report/my thesis.docx", "timeline.ods", "annotated.mp4"]
    (tmp_path / "report").mkdir()
    for name in [*kept, "timeline.csv"]:
        (tmp_path / name).write_bytes(b"1")
    remove_outputs(tmp_path, {"outputs": {"timeline.csv": {"sha256": SHA}}})
    assert all((tmp_path / name).exists() for name in kept)
    assert not (tmp_path / "timeline.csv").exists()
    remove_outputs(tmp_path, {})  # of a run that was stopped: by the names that it uses
    assert all((tmp_path / name).exists() for name in kept[:3])
    assert not (tmp_path / "annotated.mp4").exists()


def test_a_linked_folder_is_not_written_into(results: Path, tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    shutil.copytree(results, out)
    elsewhere.mkdir()
    (elsewhere / "kept.js").write_text("")
    shutil.rmtree(out / "film" / "report")
    (out / "film" / "report").symlink_to(elsewhere)
    with pytest.raises(OutputPathError, match="is a link"):
        refuse_links(out / "film")
    film = results.parent / "film.mp4"
    for words in (
        ("report", str(out / "film")),
        ("render", str(out)),
        ("run", str(film), "-o", str(out), "--overwrite"),
    ):
        done = fer_batch(*words)
        assert done.returncode and "is a link" in done.stderr, done
        assert [path.name for path in elsewhere.iterdir()] == ["kept.js"]


def test_what_was_written_is_read(results: Path) -> None:
    data = json.loads((results / "film" / "summary.json").read_text("utf-8"))
    assert check_summary(data) == data
    assert read_record(results / "film") and looks_like_result(results / "film")
    assert outputs_intact(results / "film", read_record(results / "film"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=60)
@given(data=st.data())
def test_a_mutated_summary_is_read_or_refused_in_one_line(
    results: Path, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("mutated")
    for name in (".timeline.npz", "timeline.csv"):
        if (results / "film" / name).exists():
            shutil.copyfile(results / "film" / name, folder / name)
    summary: Any = json.loads((results / "film" / "summary.json").read_text("utf-8"))
    at = summary
    while True:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], (dict, list)) or not at[key] or data.draw(st.booleans()):
            break
        at = at[key]
    at[key] = data.draw(VALUES)
    (folder / "summary.json").write_text(json.dumps(summary))
    try:
        rebuild(folder)
    except FerBatchError as error:
        assert len(str(error).splitlines()) == 1


@pytest.mark.parametrize("content", [*SHAPES, b'{"failures": [1]}', b'{"failures": {"a": 1}}'])
def test_foreign_failures_are_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / ".failures.json").write_bytes(content)
    assert read_failures(tmp_path) == []
    assert stored_results(tmp_path) == []
