"""Numbers of different engines are never mixed, and results say which made them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.errors import EngineError
from fer_batch.faces import yunet
from fer_batch.jobs.item import steps
from fer_batch.jobs.item.work import WorkFolder
from fer_batch.pipeline.build import Engine
from fer_batch.pipeline.shard import read_about
from fer_batch.timeline_file import NAME, read_engine
from fer_batch.version import library
from tests.footage import pictures, videos
from tests.jobs.item.local_runs import FRAMES, RUN, Watch, run, spec
from tests.pipeline.stand_ins import Refuses, Shades, ShadesEngine


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip_of_tests") / "clip.mp4"
    return videos.write(path, pictures.two_faces(50)[:FRAMES])


OTHER = RunSettings(threads=1, segment_frames=8, batch_size=16)


def test_results_say_what_made_them(clip: Path, tmp_path: Path) -> None:
    engine = ShadesEngine(RUN)
    facts = engine.facts(AnalyzeSettings())
    assert facts["analyzer"] == "grid" and facts["detector"].startswith("litert ")
    run(spec(clip), tmp_path)
    whole = facts | engine.people_facts("video", AnalyzeSettings())
    assert json.loads((tmp_path / "clip" / "summary.json").read_text())["engine"] == whole
    assert read_engine(tmp_path / "clip" / NAME) == whole


@pytest.mark.parametrize(
    ("kind", "identity", "named"),
    [
        ("video", "input", True),
        ("video", "off", False),
        ("photos", "input", False),
        ("photos", "batch", True),
    ],
)
def test_what_recognises_people_is_named_where_anybody_is(
    kind: str, identity: str, named: bool
) -> None:
    settings, engine = AnalyzeSettings(identity=identity), ShadesEngine(RUN)
    assert "recogniser" not in engine.facts(settings), "segments do not depend on it"
    facts = engine.people_facts(kind, settings)
    assert facts == ({"recogniser": f"litert {library('ai-edge-litert')}"} if named else {})


def test_who_is_who_is_told_again_by_another_recogniser(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faces are not analysed again for it."""
    asked = spec(clip, outputs=("csv", "video", "summary"))
    run(asked, tmp_path, watch=Watch(stop_at=("render", 1)))
    work = tmp_path / "clip" / ".work" / "timeline.npz"
    assert read_engine(work)["recogniser"] != "litert 0.1"
    other = {"recogniser": "litert 0.1"}
    monkeypatch.setattr(Engine, "people_facts", lambda *_: other)
    (done,) = run(asked, tmp_path, "resume", Refuses())
    assert done.state == "done" and done.summary["engine"]["recogniser"] == "litert 0.1"
    monkeypatch.undo()
    (kept,) = run(asked, tmp_path, "keep")
    assert kept.code == "output_path" and "another engine (recogniser: litert 0.1" in kept.error


def test_another_engine_is_another_result(clip: Path, tmp_path: Path) -> None:
    run(spec(clip), tmp_path)
    (kept,) = run(spec(clip), tmp_path, "keep", settings=OTHER)
    assert (kept.state, kept.code) == ("failed", "output_path")
    assert "another engine (batch_size: 32, now 16)" in kept.error
    classifier = Shades()
    (done,) = run(spec(clip), tmp_path, "overwrite", classifier, settings=OTHER)
    assert done.state == "done" and classifier.asked
    assert done.summary["engine"]["batch_size"] == "16"
    # What is only drawn again needs no engine of that kind.
    (drawn,) = run(spec(clip), tmp_path, "resume", Refuses(), infer=False)
    assert drawn.state == "reused"


def test_going_on_with_another_engine_begins_anew(clip: Path, tmp_path: Path) -> None:
    run(spec(clip), tmp_path, watch=Watch(stop_at=("analyze", 9)))
    classifier = Shades(batch_size=16)
    (done,) = run(spec(clip), tmp_path, "resume", classifier, settings=OTHER)
    assert done.state == "done" and sum(classifier.asked) == 2 * FRAMES


def test_shards_of_two_engines_are_not_merged(clip: Path, tmp_path: Path) -> None:
    work = WorkFolder(tmp_path / ".work", tmp_path)
    one, other = ShadesEngine(RUN), ShadesEngine(OTHER)
    count = len(steps.probe(spec(clip), work, one).segments)
    for segment in range(count):
        steps.analyze(spec(clip), work, segment, other if segment == 1 else one)
    assert read_about(work.shard(1)).engine["batch_size"] == "16"
    with pytest.raises(EngineError, match=r"clip\.mp4.*different engines \(batch_size: 32, 16\)"):
        steps.assemble(spec(clip), work, one)


def test_the_fall_back_of_the_detector_is_told_and_is_another_engine(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(*_: object) -> None:
        raise ImportError("no LiteRT here")

    usual = Engine(RUN).facts(AnalyzeSettings())
    monkeypatch.setattr("fer_batch.faces.yunet_litert.LiteRtYuNet", missing)
    with caplog.at_level(logging.WARNING, logger=yunet.__name__):
        facts = Engine(RUN).facts(AnalyzeSettings())
    assert "no LiteRT here" in caplog.text and "OpenCV" in caplog.text
    assert facts["detector"].startswith("opencv ") and facts != usual


def test_results_tell_of_the_model_whose_weights_were_taken(clip: Path, tmp_path: Path) -> None:
    """Where Keras analyses, the full one of an eight-bit model, whoever finishes."""
    pytest.importorskip("tensorflow")
    item = spec(clip)
    work = WorkFolder(tmp_path / ".work", tmp_path / "clip")
    here = Engine(RunSettings(threads=1))
    keras = Engine(RunSettings(runtime="keras", device="cpu", analyzer="batched"))
    assert len(steps.probe(item, work, here).segments) == 1
    steps.analyze(item, work, 0, keras)
    steps.assemble(item, work, here)
    summary = steps.finish(item, work, here)
    assert summary["model"]["name"] == "ferplus3"
    assert summary["settings"]["analyze"]["model"] == "ferplus3-int8"
    who = here.people_facts("video", item.analyze)
    assert who and summary["engine"] == keras.facts(item.analyze) | who
    usual = WorkFolder(tmp_path / ".usual", tmp_path / "usual")
    steps.probe(item, usual, here)
    steps.analyze(item, usual, 0, here)
    steps.assemble(item, usual, here)
    other = steps.finish(item, usual, here)
    assert other["model"]["name"] == "ferplus3-int8"
    assert other["analysis_key"] != summary["analysis_key"]
    assert other["asked_key"] == summary["asked_key"]
