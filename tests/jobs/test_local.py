"""The local runner: one bad input is one failure; what is done is known by hash and used again."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.emotion.classifier import Classifier
from fer_batch.errors import UnknownModelError
from fer_batch.jobs.batch import write_batch
from fer_batch.jobs.local import ItemResult, remove_outputs, run_items
from fer_batch.jobs.work import ItemSpec, WorkFolder
from fer_batch.media.join import join_parts
from fer_batch.pipeline import finish
from fer_batch.pipeline.build import Engine
from fer_batch.types import FloatArray, Image, SourceInfo
from tests.footage import pictures, videos
from tests.pipeline.stand_ins import Refuses, Shades, ShadesEngine

FRAMES = 20
QUICK = RenderSettings(preset="ultrafast")
RUN = RunSettings(threads=1, segment_frames=8)
CSV = ("csv", "summary")
VIDEO = ("csv", "video", "summary")


@dataclass
class Watch:
    """An ``Observer`` that remembers, and may ask to stop at a moment."""

    stop_at: tuple[str, int] | None = None
    events: list[tuple[Any, ...]] = field(default_factory=list)
    wanted: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def item_started(self, number: int, item: ItemSpec) -> None:
        self.events.append(("started", number, item.name))

    def stage(self, name: str, frames: int) -> None:
        self.events.append(("stage", name))
        self.wanted[name] = frames

    def advance(self, frames: int) -> None:
        (name,) = [event[1] for event in self.events if event[0] == "stage"][-1:]
        self.done[name] += frames

    def item_ended(self, number: int, result: ItemResult) -> None:
        self.events.append(("ended", number, result.state))

    def should_cancel(self) -> bool:
        return self.stop_at is not None and self.done[self.stop_at[0]] >= self.stop_at[1]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 frames of two people: three segments of 8 frames."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return videos.write(path, pictures.two_faces(50)[:FRAMES])


def spec(path: Path, name: str = "clip", **changes: Any) -> ItemSpec:
    return replace(ItemSpec(str(path), name, render=QUICK, outputs=CSV), **changes)


def run(
    items: list[ItemSpec] | ItemSpec,
    out: Path,
    existing: Any = "keep",
    classifier: Classifier | None = None,
    watch: Watch | None = None,
    infer: bool = True,
    settings: RunSettings = RUN,
) -> list[ItemResult]:
    watch = watch or Watch()
    items = [items] if isinstance(items, ItemSpec) else items
    engine = ShadesEngine(settings, classifier)
    return run_items(items, out, engine, existing, watch, watch.should_cancel, infer)


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its inode and time: what changes when it is written anew."""
    found = [p for p in folder.rglob("*") if p.is_file()]
    return {str(p.relative_to(folder)): (p.stat().st_ino, p.stat().st_mtime_ns) for p in found}


def names(folder: Path) -> set[str]:
    return set(stamps(folder))


def test_bad_inputs_among_good_ones(clip: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    out, watch = tmp_path / "out", Watch()
    items = [
        spec(text, "text"),
        spec(clip, "one"),
        spec(tmp_path / "gone.mp4", "gone"),
        spec(clip, "two"),
    ]
    results = run(items, out, watch=watch)
    assert [r.state for r in results] == ["failed", "done", "failed", "done"]
    assert [r.code for r in results] == ["not_media", "", "not_found", ""]
    for result in (results[0], results[2]):
        assert result.error.startswith(result.item.input) and "\n" not in result.error
    assert sorted(p.name for p in out.iterdir()) == ["one", "two"]
    assert names(out / "one") == {"timeline.csv", "summary.json"}
    assert [e for e in watch.events if e[0] != "stage"] == [
        *(("started", 0, "text"), ("ended", 0, "failed")),
        *(("started", 1, "one"), ("ended", 1, "done")),
        *(("started", 2, "gone"), ("ended", 2, "failed")),
        *(("started", 3, "two"), ("ended", 3, "done")),
    ]
    one, two = (out / n / "timeline.csv" for n in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    write_batch(results, out)
    rows = (out / "summary.csv").read_text().splitlines()
    assert len(rows) == 5 and "text.mp4" in rows[1] and "gone.mp4" in rows[3]


def test_names_cannot_break_a_line_or_write_to_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a\nb \x1b[31mred.mp4"
    path.write_text("no video")
    (failed,) = run(spec(path), tmp_path / "out")
    assert failed.state == "failed" and failed.error.isprintable()
    assert r"a\u000ab \u001b[31mred.mp4: is not a video" in failed.error


def test_a_full_disk_fails_one_input_and_can_be_gone_on_from(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full where the video is joined; the kernel's own refusal, not a made-up one."""

    def on_a_full_disk(parts: list[Path], info: SourceInfo, path: Path) -> list[str]:
        path.symlink_to("/dev/full")
        return join_parts(parts, info, path)

    with monkeypatch.context() as patched:
        patched.setattr(finish, "join_parts", on_a_full_disk)
        (failed,) = run(spec(clip, outputs=VIDEO), tmp_path)
    assert (failed.state, failed.code) == ("failed", "no_space")
    assert "annotated.mp4: no space left" in failed.error and "--resume" in failed.error
    assert names(tmp_path / "clip") & {"annotated.mp4", "summary.json"} == set()
    assert not [name for name in names(tmp_path) if ".part-" in name]
    (done,) = run(spec(clip, outputs=VIDEO), tmp_path, "resume", Refuses())
    assert done.state == "done", done.error


def test_progress_is_of_every_frame(clip: Path, tmp_path: Path) -> None:
    watch = Watch()
    run(spec(clip, outputs=VIDEO), tmp_path, watch=watch)
    stages = [event[1] for event in watch.events if event[0] == "stage"]
    assert stages == ["probe", "analyze", "render", "finish"]
    for stage in ("analyze", "render"):
        assert watch.wanted[stage] == watch.done[stage] == FRAMES


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
    [{"analyze": AnalyzeSettings(every=2)}, {"render": replace(QUICK, threshold=0.5)}],
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
    (replaced,) = run(spec(clip, **change), tmp_path, "resume")
    assert replaced.state == "done"
    (reused,) = run(spec(clip, **change), tmp_path, "keep", Refuses())
    assert reused.state == "reused"


def test_a_refusal_does_not_cost_the_work_of_an_interrupted_run(clip: Path, tmp_path: Path) -> None:
    run(spec(clip), tmp_path)
    other = spec(clip, analyze=AnalyzeSettings(every=2))
    run(other, tmp_path, "resume", watch=Watch(stop_at=("analyze", 9)))
    before = stamps(tmp_path / "clip" / ".work" / "shards")
    assert set(before) == {"00000.npz"}
    assert run(other, tmp_path, "keep")[0].code == "output_path"
    assert stamps(tmp_path / "clip" / ".work" / "shards") == before


def test_another_input_of_the_same_name_is_another_input(clip: Path, tmp_path: Path) -> None:
    other = videos.write(tmp_path / "clip.mp4", pictures.two_faces(50)[:5])
    run(spec(clip), tmp_path / "out")
    assert run(spec(other), tmp_path / "out")[0].code == "output_path"
    (replaced,) = run(spec(other), tmp_path / "out", "resume")
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


def test_numbers_that_were_changed_are_not_believed(clip: Path, tmp_path: Path) -> None:
    run(spec(clip), tmp_path)
    timeline = tmp_path / "clip" / "timeline.csv"
    whole = timeline.read_text()
    timeline.write_text(whole.replace("0.04", "0.05"))
    (failed,) = run(spec(clip), tmp_path, "resume", Refuses())
    assert (failed.state, failed.code) == ("failed", "unexpected")
    assert run(spec(clip), tmp_path, "resume")[0].state == "done"
    assert timeline.read_text() == whole


def test_outputs_not_wanted_any_more_do_not_stay(clip: Path, tmp_path: Path) -> None:
    run(spec(clip, outputs=VIDEO), tmp_path)
    run(spec(clip, outputs=CSV), tmp_path, "resume", Refuses())
    assert names(tmp_path / "clip") == {"timeline.csv", "summary.json"}


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
    assert set(parts) == {"00000.mp4", "00000.zip"}
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
        item = spec(path, analyze=AnalyzeSettings(every=2))
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
    other = spec(clip, analyze=AnalyzeSettings(every=2))
    (failed,) = run(other, tmp_path, "resume", Refuses(), infer=False)
    assert (failed.state, failed.code) == ("failed", "input")
    assert names(tmp_path / "clip") >= {"timeline.csv", "summary.json"}


def test_a_file_where_a_folder_should_be_fails_one_item(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    results = run([spec(clip, "taken"), spec(clip, "free")], tmp_path)
    assert [r.state for r in results] == ["failed", "done"]
    assert results[0].code == "output_path" and str(tmp_path / "taken") in results[0].error
    assert (tmp_path / "taken").read_text() == "mine"


def test_an_unknown_model_ends_the_batch(clip: Path, tmp_path: Path) -> None:
    item = spec(clip, analyze=AnalyzeSettings(model="nobody"))
    with pytest.raises(UnknownModelError, match="'nobody'"):
        run_items([item], tmp_path / "out", Engine(RUN), "keep", Watch())
    assert not names(tmp_path / "out") if (tmp_path / "out").exists() else True


class FailsOnce(Shades):
    """What nobody has thought of, once."""

    def classify(self, crops: Image) -> FloatArray:
        if not self.asked:
            self.asked.append(0)
            raise RuntimeError("the sky fell\non our heads")
        return super().classify(crops)


def test_a_defect_costs_one_input(clip: Path, tmp_path: Path) -> None:
    results = run([spec(clip, "one"), spec(clip, "two")], tmp_path, classifier=FailsOnce())
    assert [r.state for r in results] == ["failed", "done"]
    assert results[0].code == "unexpected" and "\n" not in results[0].error
    assert "RuntimeError" in results[0].error and str(clip) in results[0].error
    # And can be had again.
    assert run(spec(clip, "one"), tmp_path)[0].state == "done"


def test_stopping_leaves_what_comes_after_alone(clip: Path, tmp_path: Path) -> None:
    watch = Watch(stop_at=("analyze", FRAMES))
    items = [spec(clip, name) for name in ("one", "two", "three")]
    results = run(items, tmp_path, watch=watch)
    assert [r.state for r in results] in (["done"] + ["cancelled"] * 2, ["cancelled"] * 3)
    assert not (tmp_path / "two").exists() and not (tmp_path / "three").exists()
    assert [e[1] for e in watch.events if e[0] == "started"] == [0]


def test_a_summary_cannot_name_files_elsewhere_for_removal(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for path in (tmp_path / "mine.txt", out / "old.csv", out / "summary.json"):
        path.touch()
    listed = ["old.csv", "../mine.txt", str(tmp_path / "mine.txt"), ".", ""]
    remove_outputs(out, {"outputs": {name: {} for name in listed}})
    assert [p.name for p in tmp_path.iterdir()] in (["mine.txt", "out"], ["out", "mine.txt"])
    assert list(out.iterdir()) == []


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
    (result,) = run(spec(clip), tmp_path, "resume")
    assert result.state == "done" or "--overwrite" in result.error
    assert run(spec(clip), tmp_path, "overwrite")[0].state == "done"
