"""What is done is known by the hash of all it depends on, and used again or gone on with."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.jobs.item import results
from fer_batch.jobs.item.work import WorkFolder
from fer_batch.timeline_file import read_timeline, write_timeline
from tests.footage import pictures, videos
from tests.jobs.item.local_runs import (
    CSV,
    FRAMES,
    GRID,
    QUICK,
    RUN,
    VIDEO,
    Watch,
    names,
    run,
    spec,
    stamps,
)
from tests.pipeline.stand_ins import CARD, Refuses, Shades, ShadesEngine


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 frames of two people: three segments of 8 frames."""
    path = tmp_path_factory.mktemp("clip_of_tests") / "clip.mp4"
    return videos.write(path, pictures.two_faces(50)[:FRAMES])


def test_what_is_done_is_used_again_untouched(clip: Path, tmp_path: Path) -> None:
    (first,) = run(spec(clip), tmp_path)
    before = stamps(tmp_path)
    for existing in ("keep", "resume"):
        (again,) = run(spec(clip), tmp_path, existing, Refuses())
        assert again.state == "reused" and again.summary == json.loads(json.dumps(first.summary))
        assert stamps(tmp_path) == before
    (anew,) = run(spec(clip), tmp_path, "overwrite")
    assert anew.state == "done"
    assert stamps(tmp_path)["clip/timeline.csv"] != before["clip/timeline.csv"]


@pytest.mark.parametrize(
    "change",
    [{"analyze": AnalyzeSettings(every=2, grid=1)}, {"render": replace(QUICK, threshold=0.5)}],
    ids=["numbers", "drawing"],
)
def test_other_settings_are_refused_or_replace(
    change: dict[str, Any], clip: Path, tmp_path: Path
) -> None:
    run(spec(clip), tmp_path)
    before = stamps(tmp_path)
    (refused,) = run(spec(clip, **change), tmp_path, "keep")
    assert (refused.state, refused.code) == ("failed", "output_path")
    assert "--overwrite" in refused.error and str(tmp_path / "clip") in refused.error
    assert stamps(tmp_path) == before
    # Going on draws again; numbers are replaced only where that was asked for.
    (resumed,) = run(spec(clip, **change), tmp_path, "resume")
    assert resumed.state == ("failed" if "analyze" in change else "done")
    (replaced,) = run(spec(clip, **change), tmp_path, "overwrite")
    assert replaced.state == "done"
    (reused,) = run(spec(clip, **change), tmp_path, "keep", Refuses())
    assert reused.state == "reused"


def test_a_refusal_says_what_lies_there_and_the_two_ways_on(clip: Path, tmp_path: Path) -> None:
    run(spec(clip), tmp_path / "out")
    other = spec(clip, analyze=AnalyzeSettings(every=2, grid=1))
    (refused,) = run(other, tmp_path / "out", "resume")
    assert (refused.state, refused.code) == ("failed", "output_path")
    for words in ("holds results of model ", "-o out-", "--overwrite"):
        assert words in refused.error, refused.error


def test_a_refusal_names_the_settings_that_differ(clip: Path, tmp_path: Path) -> None:
    run(spec(clip), tmp_path)
    record = tmp_path / "clip" / "summary.json"
    facts = json.loads(record.read_text())
    facts["model"]["name"] = AnalyzeSettings().model  # the stand-in has another name
    record.write_text(json.dumps(facts))
    drawn = spec(clip, render=replace(QUICK, threshold=0.5, crf=30))
    (refused,) = run(drawn, tmp_path, "keep")
    told = f"(crf: {QUICK.crf}, now 30, threshold: {QUICK.threshold}, now 0.5)"
    assert f"holds results of other settings {told}" in refused.error
    assert "; draw them again with --resume, write to another folder" in refused.error
    (refused,) = run(spec(clip, outputs=VIDEO), tmp_path, "keep")
    told = f"(outputs: {','.join(CSV)}, now {','.join(VIDEO)})"
    assert f"holds results of other settings {told}; draw them again" in refused.error
    (refused,) = run(spec(clip, analyze=AnalyzeSettings(every=2, grid=1)), tmp_path, "keep")
    assert "every: 1, now 2" in refused.error and "--resume" not in refused.error
    assert f"(-o {tmp_path.name}-2)" in refused.error


def test_a_refusal_does_not_cost_the_work_of_an_interrupted_run(clip: Path, tmp_path: Path) -> None:
    run(spec(clip), tmp_path)
    other = spec(clip, analyze=AnalyzeSettings(every=2, grid=1))
    run(other, tmp_path, "overwrite", watch=Watch(stop_at=("analyze", 9)))
    before = stamps(tmp_path / "clip" / ".work" / "shards")
    assert set(before) == {"00000.npz"}
    assert run(other, tmp_path, "keep")[0].code == "output_path"
    third = spec(clip, analyze=AnalyzeSettings(every=3, grid=1))
    assert run(third, tmp_path, "keep")[0].code == "output_path"
    assert stamps(tmp_path / "clip" / ".work" / "shards") == before


def test_a_death_while_old_work_is_removed_leaves_none_of_it_in_use(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shards of other settings must never lie beside a plan that says they are of these."""
    whole = run(spec(clip), tmp_path / "whole")[0].summary
    other = spec(clip, analyze=AnalyzeSettings(every=2, grid=1))
    run(other, tmp_path / "out", watch=Watch(stop_at=("analyze", 9)))
    assert (tmp_path / "out" / "clip" / ".work" / "shards" / "00000.npz").exists()

    def dies(*words: object, **more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "rmtree", dies)
        run(spec(clip), tmp_path / "out")
    (result,) = run(spec(clip), tmp_path / "out")
    assert result.summary["outputs"]["timeline.csv"] == whole["outputs"]["timeline.csv"]


def test_outputs_of_a_run_that_failed_late_do_not_stay(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A GIF that shows faces must not lie beside the blurred video of the next run."""
    run(spec(clip, outputs=("csv", "video", "gif", "plot", "summary")), tmp_path)
    (tmp_path / "clip" / "summary.json").unlink()
    blurred = replace(
        spec(clip, outputs=("csv", "summary")), render=RenderSettings(blur_faces=True)
    )
    assert run(blurred, tmp_path, "resume")[0].state == "done"
    assert names(tmp_path / "clip") == {".timeline.npz", "timeline.csv", "summary.json"}


def test_results_without_a_summary_are_known_all_the_same(clip: Path, tmp_path: Path) -> None:
    item = spec(clip, outputs=("csv",))
    assert run(item, tmp_path / "out")[0].state == "done"
    assert run(item, tmp_path / "out")[0].state == "reused"
    other = videos.write(tmp_path / "clip.mp4", pictures.two_faces(50)[:5])
    assert run(spec(other, outputs=("csv",)), tmp_path / "out")[0].code == "output_path"


def test_two_runs_do_not_work_in_one_folder(clip: Path, tmp_path: Path) -> None:
    with results.alone(tmp_path / "clip"):
        (result,) = run(spec(clip), tmp_path)
    assert result.code == "output_path" and "another fer-batch" in result.error
    assert run(spec(clip), tmp_path)[0].state == "done"


def test_another_input_of_the_same_name_is_another_input(clip: Path, tmp_path: Path) -> None:
    other = videos.write(tmp_path / "clip.mp4", pictures.two_faces(50)[:5])
    run(spec(clip), tmp_path / "out")
    assert run(spec(other), tmp_path / "out")[0].code == "output_path"
    assert run(spec(other), tmp_path / "out", "resume")[0].code == "output_path"
    (replaced,) = run(spec(other), tmp_path / "out", "overwrite")
    assert replaced.summary["frames"]["total"] == 5


def test_outputs_that_are_gone_or_changed_are_made_again_without_inference(
    clip: Path, tmp_path: Path
) -> None:
    item = spec(clip, outputs=("csv", "plot", "video", "summary"))
    run(item, tmp_path)
    plot, video = tmp_path / "clip" / "timeline.png", tmp_path / "clip" / "annotated.mp4"
    whole = plot.read_bytes()
    plot.write_bytes(whole[:-1])
    assert run(item, tmp_path, "keep", Refuses())[0].state == "done"
    assert len(plot.read_bytes()) > len(whole) // 2 and plot.read_bytes() != whole[:-1]
    video.unlink()
    assert run(item, tmp_path, "resume", Refuses())[0].state == "done"
    assert video.exists()
    assert run(item, tmp_path, "keep", Refuses())[0].state == "reused"


def test_a_table_that_was_changed_is_written_again_from_the_numbers(
    clip: Path, tmp_path: Path
) -> None:
    run(spec(clip), tmp_path)
    timeline = tmp_path / "clip" / "timeline.csv"
    whole = timeline.read_text()
    timeline.write_text(whole.replace("0.04", "0.05"))
    assert run(spec(clip), tmp_path, "resume", Refuses())[0].state == "done"
    assert timeline.read_text() == whole


def test_numbers_that_were_changed_are_not_believed(clip: Path, tmp_path: Path) -> None:
    run(spec(clip), tmp_path)
    timeline = tmp_path / "clip" / "timeline.csv"
    whole = timeline.read_text()
    kept = timeline.with_name(".timeline.npz")
    changed = read_timeline(kept)
    write_timeline(kept, replace(changed, box=changed.box + 1))
    (failed,) = run(spec(clip), tmp_path, "resume", Refuses())
    assert (failed.state, failed.code) == ("failed", "unexpected")
    assert run(spec(clip), tmp_path, "resume")[0].state == "done"
    assert timeline.read_text() == whole


def test_outputs_not_wanted_any_more_do_not_stay(clip: Path, tmp_path: Path) -> None:
    run(spec(clip, outputs=VIDEO), tmp_path)
    run(spec(clip, outputs=CSV), tmp_path, "resume", Refuses())
    assert names(tmp_path / "clip") == {".timeline.npz", "timeline.csv", "summary.json"}


def test_stopped_between_segments_and_gone_on(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (stopped,) = run(spec(clip), out, watch=Watch(stop_at=("analyze", 9)))
    assert (stopped.state, stopped.code) == ("cancelled", "cancelled")
    work = WorkFolder(out / "clip" / ".work", out / "clip")
    shards = stamps(work.path / "shards")
    assert set(shards) == {"00000.npz"}
    assert names(out / "clip") & {"timeline.csv", "summary.json"} == set()
    assert not [name for name in names(out) if ".part-" in name]
    # Going on, the shard is read and not written again.
    watch = Watch(stop_at=("render", 8))
    (again,) = run(spec(clip, outputs=VIDEO), out, "resume", watch=watch)
    assert again.state == "cancelled"
    after = stamps(work.path / "shards")
    assert set(after) == {"00000.npz", "00001.npz", "00002.npz"}
    assert after["00000.npz"] == shards["00000.npz"]
    parts = stamps(work.path / "parts")
    assert set(parts) == {"00000.mp4", "00000.zip", "timeline.csv"}
    # And from there without inference to the end, as if nothing had been.
    classifier, watch = Refuses(), Watch(stop_at=("render", 16))
    (more,) = run(spec(clip, outputs=VIDEO), out, "keep", classifier, watch)
    assert more.state == "cancelled"
    now = stamps(work.path / "parts")
    assert {n: now[n] for n in parts} == parts and "00001.mp4" in now
    (done,) = run(spec(clip, outputs=VIDEO), out, "keep", classifier)
    assert done.state == "done"
    run(spec(clip, outputs=VIDEO), tmp_path / "clean")
    assert names(out) == names(tmp_path / "clean")
    one, other = (p / "clip" / "timeline.csv" for p in (out, tmp_path / "clean"))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("what", ["settings", "segments", "input"])
def test_what_was_interrupted_is_not_gone_on_with_when_it_is_other_work(
    what: str, clip: Path, tmp_path: Path
) -> None:
    out, path = tmp_path / "out", tmp_path / "clip.mp4"
    path.write_bytes(clip.read_bytes())
    run(spec(path), out, watch=Watch(stop_at=("analyze", 16)))
    item, settings = spec(path), RUN
    if what == "settings":
        item = spec(path, analyze=AnalyzeSettings(every=2, grid=1))
    elif what == "segments":
        settings = replace(RUN, segment_frames=12)
    else:
        videos.write(path, pictures.two_faces(50)[5 : 5 + FRAMES])
    classifier = Shades()
    (done,) = run(item, out, "resume", classifier, settings=settings)
    assert done.state == "done", done.error
    assert sum(classifier.asked) == 2 * FRAMES // (2 if what == "settings" else 1)
    run(item, tmp_path / "clean", settings=settings)
    one, other = (p / "clip" / "timeline.csv" for p in (out, tmp_path / "clean"))
    assert one.read_bytes() == other.read_bytes()


def test_drawing_again_needs_no_inference(clip: Path, tmp_path: Path) -> None:
    run(spec(clip, outputs=VIDEO), tmp_path)
    numbers = (tmp_path / "clip" / "timeline.csv").read_bytes()
    video = (tmp_path / "clip" / "annotated.mp4").read_bytes()
    blurred = spec(clip, outputs=VIDEO, render=replace(QUICK, blur_faces=True))
    (drawn,) = run(blurred, tmp_path, "resume", Refuses(), infer=False)
    assert drawn.state == "done", drawn.error
    assert (tmp_path / "clip" / "timeline.csv").read_bytes() == numbers
    assert (tmp_path / "clip" / "annotated.mp4").read_bytes() != video
    assert drawn.summary["settings"]["render"]["blur_faces"] is True


def test_drawing_what_has_no_numbers_fails_with_what_to_do(clip: Path, tmp_path: Path) -> None:
    (failed,) = run(spec(clip), tmp_path, "resume", Refuses(), infer=False)
    assert (failed.state, failed.code) == ("failed", "input")
    assert "fer-batch run" in failed.error
    run(spec(clip), tmp_path, "resume")
    other = spec(clip, analyze=AnalyzeSettings(every=2, grid=1))
    (failed,) = run(other, tmp_path, "resume", Refuses(), infer=False)
    assert (failed.state, failed.code) == ("failed", "input")
    assert names(tmp_path / "clip") >= {"timeline.csv", "summary.json"}


def test_numbers_of_older_weights_are_drawn_again_and_stay_theirs(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = spec(clip, outputs=VIDEO, analyze=replace(GRID, model=CARD.name))
    (first,) = run(item, tmp_path)
    numbers = (tmp_path / "clip" / "timeline.csv").read_bytes()
    newer = replace(CARD, version="2", sha256={"shades.tflite": "f" * 64})
    monkeypatch.setattr(ShadesEngine, "card", lambda self, settings: newer)
    blurred = replace(item, render=replace(QUICK, blur_faces=True))
    # What was drawn half is not taken for numbers of the newer weights.
    (stopped,) = run(
        blurred, tmp_path, "resume", Refuses(), Watch(stop_at=("render", 8)), infer=False
    )
    assert stopped.state == "cancelled"
    (refused,) = run(item, tmp_path, "resume")
    assert (refused.state, refused.code) == ("failed", "output_path")
    assert "another version of fer-batch or of the weights of model" in refused.error
    assert "`fer-batch render` draws them again" in refused.error
    (drawn,) = run(blurred, tmp_path, "resume", Refuses(), infer=False)
    assert drawn.state == "done", drawn.error
    assert (tmp_path / "clip" / "timeline.csv").read_bytes() == numbers
    for name in ("model", "detector", "versions", "engine", "analysis_key"):
        assert drawn.summary[name] == first.summary[name], name
    (again,) = run(blurred, tmp_path, "resume", Refuses(), infer=False)
    assert again.state == "reused"
    # Analysed anew they are those of the newer weights.
    (anew,) = run(blurred, tmp_path, "overwrite")
    assert anew.state == "done" and anew.summary["model"]["version"] == "2"
    assert anew.summary["analysis_key"] != first.summary["analysis_key"]


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"outputs": 3}', '{"outputs": {"x": 7}}'])
def test_a_damaged_summary_is_no_result(text: str, clip: Path, tmp_path: Path) -> None:
    run(spec(clip), tmp_path)
    key = json.loads((tmp_path / "clip" / "summary.json").read_text())["render_key"]
    if text.startswith('{"'):
        text = json.dumps(json.loads(text) | {"render_key": key})
    (tmp_path / "clip" / "summary.json").write_text(text)
    (result,) = run(spec(clip), tmp_path, "resume")
    assert result.state == "done", result.error
    assert run(spec(clip), tmp_path, "keep", Refuses())[0].state == "reused"


def test_a_damaged_plan_of_an_interrupted_run(clip: Path, tmp_path: Path) -> None:
    run(spec(clip), tmp_path, watch=Watch(stop_at=("analyze", 8)))
    (tmp_path / "clip" / ".work" / "source.json").write_text("{")
    assert run(spec(clip), tmp_path, "keep")[0].state == "done"
