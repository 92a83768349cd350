"""Downloading into folders where other results lie."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.jobs.item.local import run_items
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.pipeline.build import Engine
from tests.faults.cluster import OUTPUTS, Silence, run_here
from tests.footage import pictures, videos
from tests.jobs.here import Here

NOTHING: frozenset[str] = frozenset()
EDITS = "do,person,start_s,end_s,value\nname,1,,,Anna\n"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another film of the same name."""
    path = tmp_path_factory.mktemp("other") / "pair.mp4"
    return videos.write(path, pictures.two_faces(20)[::-1])


def fetched(
    here: Here, clip: Path, out: Path, overwrite: bool = False, **more: object
) -> tuple[list[Path], dict[str, str]]:
    job = here.submit(clip, **more)
    here.drain()
    return here.client.download(job, out, NOTHING, overwrite=overwrite)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def draw_again(out: Path, clip: Path, **render: object) -> None:
    """What `fer-batch render` does with the results in ``out``."""
    drawn = replace(RenderSettings(), **render)  # type: ignore[arg-type]
    item = ItemSpec(str(clip), "pair", AnalyzeSettings(), drawn, OUTPUTS)
    (result,) = run_items([item], out, Engine(RunSettings()), "resume", Silence())
    assert result.state == "done", result.error


@pytest.mark.parametrize(
    ("render", "words"),
    [
        ({"edits": tuple(EDITS.splitlines())}, "edits: 1 correction, in the job none"),
        ({"blur_faces": True}, "blur_faces"),
    ],
)
def test_what_was_corrected_or_blurred_is_not_undone(
    here: Here, clip: Path, tmp_path: Path, render: dict[str, object], words: str
) -> None:
    job = here.submit(clip)
    here.drain()
    here.client.download(job, tmp_path, NOTHING)
    (tmp_path / "pair" / "edits.csv").write_text(EDITS)
    draw_again(tmp_path, clip, **render)
    before = files(tmp_path / "pair")
    _, kept = here.client.download(job, tmp_path, NOTHING)
    assert files(tmp_path / "pair") == before
    assert "was corrected, or drawn" in kept["pair"] and words in kept["pair"]
    got, kept = here.client.download(job, tmp_path, NOTHING, overwrite=True)
    assert not kept
    left = {name for name in files(tmp_path / "pair") if name != "edits.csv"}
    own = [p for p in got if p.is_relative_to(tmp_path / "pair")]
    assert left == {str(p.relative_to(tmp_path / "pair")) for p in own}
    assert (tmp_path / "pair" / "edits.csv").read_text() == EDITS


def test_results_of_another_film_are_not_replaced(
    here: Here, clip: Path, other: Path, tmp_path: Path
) -> None:
    run_here([clip], tmp_path)
    before = files(tmp_path / "pair")
    _, kept = fetched(here, other, tmp_path)
    assert "another input" in kept["pair"] and files(tmp_path / "pair") == before


def test_results_of_another_engine_are_not_replaced(here: Here, clip: Path, tmp_path: Path) -> None:
    """Its numbers differ in their last digits."""
    job = here.submit(clip)
    here.drain()
    here.client.download(job, tmp_path, NOTHING)
    record = tmp_path / "pair" / "summary.json"
    facts = json.loads(record.read_text())
    facts["engine"]["analyzer"], facts["analysis_key"] = "batched", "0" * 64
    record.write_text(json.dumps(facts))
    before = files(tmp_path / "pair")
    _, kept = here.client.download(job, tmp_path, NOTHING)
    assert "another engine (analyzer: batched, in the job grid)" in kept["pair"]
    assert files(tmp_path / "pair") == before


def test_the_same_results_are_completed(here: Here, clip: Path, tmp_path: Path) -> None:
    """Those of a run, or of an earlier download that lost some; edits that wait harm nothing."""
    run_here([clip], tmp_path)
    (tmp_path / "pair" / "timeline.csv").unlink()
    (tmp_path / "pair" / "edits.csv").write_text(EDITS)
    _, kept = fetched(here, clip, tmp_path)
    assert not kept and (tmp_path / "pair" / "timeline.csv").is_file()


def test_the_record_comes_last(here: Here, clip: Path, tmp_path: Path) -> None:
    """A download that was cut off is not taken for a result."""
    got, _ = fetched(here, clip, tmp_path)
    names = [path.name for path in got if path.parent.name == "pair"]
    assert names[-1] == "summary.json" and len(names) > 2
