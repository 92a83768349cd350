"""Each step writes its files whole, once, under known names; keys say what results depend on."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path
from typing import Any

import av
import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.emotion.card import ModelCard
from fer_batch.errors import Cancelled, UnreadableError
from fer_batch.jobs.item import make, steps
from fer_batch.jobs.item.result_keys import analysis_key, input_sha256, result_keys
from fer_batch.jobs.item.work import ItemSpec, WorkFolder
from fer_batch.media import film
from fer_batch.media.sound import open_sound
from fer_batch.output.clock import NO_CLOCK
from fer_batch.timeline_file import NAME
from tests.footage import pictures, videos
from tests.footage.oracle import ffmpeg
from tests.pipeline.stand_ins import CARD, Refuses, ShadesEngine

QUICK = RenderSettings(preset="ultrafast")
ALL = ("csv", "video", "gif", "plot", "summary")
RUN = RunSettings(threads=1, segment_frames=8)
FRAMES = 20


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 frames of two people with sound: three segments of 8 frames."""
    path = tmp_path_factory.mktemp("clip_of_tests") / "clip.mp4"
    return videos.write(path, pictures.two_faces(50)[:FRAMES], videos.Recipe(sound=True))


def spec(clip: Path, outputs: tuple[str, ...] = ALL) -> ItemSpec:
    return ItemSpec(str(clip), "clip", AnalyzeSettings(grid=1), QUICK, outputs)


def folder(path: Path) -> WorkFolder:
    return WorkFolder(path / "clip" / ".work", path / "clip")


def before_finish(item: ItemSpec, work: WorkFolder, engine: ShadesEngine) -> None:
    """Every step but the last."""
    plan = steps.probe(item, work, engine)
    for segment in plan.segments:
        steps.analyze(item, work, segment.index, engine)
    steps.assemble(item, work, engine)
    if make.draws(item):
        for segment in plan.segments:
            steps.render(item, work, segment.index, engine)


def files(path: Path) -> dict[str, tuple[int, int]]:
    """Every file below ``path``, with what changes when it is written anew."""
    found = [p for p in path.rglob("*") if p.is_file()]
    stats = {p.relative_to(path).as_posix(): p.stat() for p in found}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stats.items()}


@pytest.fixture(scope="module")
def finished(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> WorkFolder:
    """All steps done with all outputs; tests copy what they change."""
    work = folder(tmp_path_factory.mktemp("finished"))
    engine = ShadesEngine(RUN)
    before_finish(spec(clip), work, engine)
    steps.finish(spec(clip), work, engine)
    return work


@pytest.fixture
def again(finished: WorkFolder, tmp_path: Path) -> WorkFolder:
    shutil.copytree(finished.out, tmp_path / "clip")
    return folder(tmp_path)


def test_files_have_these_names_and_there_are_no_others(finished: WorkFolder) -> None:
    segments = ("00000", "00001", "00002")
    assert set(files(finished.path)) == {
        "source.json",
        "timeline.npz",
        *(f"shards/{i}.npz" for i in segments),
        *(f"parts/{i}.{suffix}" for i in segments for suffix in ("mp4", "zip")),
        *(f"parts/{name}" for name in ("preview.gif", "timeline.png", "timeline.csv")),
        *(
            f"timings/{step}.json"
            for step in ("probe", "assemble", "make-gif", "make-plot", "make-csv")
        ),
        *(f"timings/render-{i}.json" for i in segments),
    }
    results = {name for name in files(finished.out) if not name.startswith(".work/")}
    assert results == {
        ".timeline.npz",
        "timeline.csv",
        "annotated.mp4",
        "preview.gif",
        "timeline.png",
        "summary.json",
    }


def test_a_step_that_runs_twice_changes_nothing(again: WorkFolder, clip: Path) -> None:
    before = files(again.path)
    engine = ShadesEngine(RUN, Refuses())
    reported: list[int] = []
    for segment in range(3):
        steps.analyze(spec(clip), again, segment, engine, reported.append)
    steps.assemble(spec(clip), again, engine)
    for segment in range(3):
        steps.render(spec(clip), again, segment, engine, reported.append)
    assert files(again.path) == before
    assert reported == [8, 8, 4, 8, 8, 4]


def test_a_damaged_shard_is_made_again(again: WorkFolder, clip: Path) -> None:
    whole = again.shard(1).read_bytes()
    again.shard(1).write_bytes(whole[:-100])
    before = files(again.path)
    for segment in range(3):
        steps.analyze(spec(clip), again, segment, ShadesEngine(RUN))
    after = files(again.path)
    assert {n for n in after if after[n] != before[n]} == {"shards/00001.npz"}
    assert len(again.shard(1).read_bytes()) == pytest.approx(len(whole), abs=60)


def test_cancelled_steps_leave_nothing(clip: Path, tmp_path: Path) -> None:
    work, engine = folder(tmp_path), ShadesEngine(RUN)
    steps.probe(spec(clip), work, engine)
    before = files(tmp_path)
    with pytest.raises(Cancelled):
        steps.analyze(spec(clip), work, 0, engine, should_cancel=lambda: True)
    assert files(tmp_path) == before


def test_steps_before_their_time_say_what_is_missing(clip: Path, tmp_path: Path) -> None:
    work, engine = folder(tmp_path), ShadesEngine(RUN)
    with pytest.raises(UnreadableError, match=r"source\.json"):
        steps.analyze(spec(clip), work, 0, engine)
    steps.probe(spec(clip), work, engine)
    with pytest.raises(UnreadableError, match=r"00000\.npz"):
        steps.assemble(spec(clip), work, engine)


@pytest.mark.parametrize(
    ("outputs", "names"),
    [
        (("csv",), {"timeline.csv"}),
        (("summary",), {"summary.json"}),
        (("plot", "csv"), {"timeline.csv", "timeline.png"}),
        (("gif",), {"preview.gif"}),
        (("video", "summary"), {"annotated.mp4", "summary.json"}),
    ],
)
def test_only_what_is_wanted_is_written(
    outputs: tuple[str, ...], names: set[str], again: WorkFolder, clip: Path
) -> None:
    for name in set(files(again.out)):
        if not name.startswith(".work/"):
            (again.out / name).unlink()
    summary = steps.finish(spec(clip, outputs), again, ShadesEngine(RUN))
    assert {n for n in files(again.out) if not n.startswith(".work/")} == {*names, NAME}
    assert set(summary["outputs"]) == {*names, NAME} - {"summary.json"}


def test_only_outputs_made_of_pictures_need_drawing(clip: Path) -> None:
    for outputs in (("csv",), ("plot", "summary"), ("csv", "plot", "summary")):
        assert not make.draws(spec(clip, outputs))
    for drawn in (("video",), ("gif", "csv"), ALL):
        assert make.draws(spec(clip, drawn))


def test_the_summary_knows_every_file_by_its_hash(finished: WorkFolder, clip: Path) -> None:
    summary = json.loads((finished.out / "summary.json").read_text())
    for name, facts in summary["outputs"].items():
        content = (finished.out / name).read_bytes()
        assert facts["sha256"] == hashlib.sha256(content).hexdigest()
    plan = finished.read_plan()
    engine, asked = ShadesEngine(RUN), spec(clip).analyze
    facts = engine.facts(asked) | engine.people_facts(plan.info.kind, asked)
    keys = result_keys(plan, facts)
    assert summary["asked_key"] == plan.render_key == keys.asked
    assert (summary["analysis_key"], summary["render_key"]) == (keys.analysis, keys.render)
    assert summary["input"]["sha256"] == hashlib.sha256(clip.read_bytes()).hexdigest()
    stages = {"probe_s", "analyze_s", "assemble_s", "render_s", "finish_s"}
    assert stages | {"decode", "detect", "classify", "encode"} <= set(summary["timings"])
    total = sum(summary["timings"][stage] for stage in stages)
    assert summary["timings"]["total_s"] == pytest.approx(total, rel=1e-3)


def test_where_finishing_fails_there_is_no_summary(again: WorkFolder, clip: Path) -> None:
    (again.out / "summary.json").unlink()
    again.part(1).write_bytes(b"no video")
    with pytest.raises(Exception, match=r"00001\.mp4"):
        steps.finish(spec(clip), again, ShadesEngine(RUN))
    assert not (again.out / "summary.json").exists()
    assert not [name for name in files(again.out) if ".part-" in name]


OTHER = {
    "detector": "none",
    "identity": "off",
    "who": ("0" * 64 + " Anna.jpg",),
    "min_face": 40,
    "min_confidence": 0.7,
    "every": 2,
    "rotations": True,
    "grid": 3,
    "fps": 30.0,
    "smooth_s": 0.5,
    "bridge_s": 0.1,
    "ghost_s": 0.1,
    "ghost_confidence": 0.5,
    "start_s": 1.0,
    "stop_s": 2.0,
    "crop": (0, 0, 64, 64),
    "video_track": 1,
    "second_opinion": "off",
    "max_faces": 1,
    "image_fps": 12.5,
}


def test_keys_change_with_all_that_changes_numbers() -> None:
    engine, settings = ShadesEngine(RUN), AnalyzeSettings()
    # A model or detector is known by its weights, not by its name or path.
    assert {f.name for f in fields(AnalyzeSettings)} - set(OTHER) == {
        "model",
        "detector_model",
        "images",  # known by what they were taken for
    }
    keys = [
        analysis_key("a", "video", settings, engine),
        analysis_key("a", "photos", settings, engine),
        analysis_key("b", "video", settings, engine),
        *(
            analysis_key("a", "video", replace(settings, **{k: v}), engine)
            for k, v in OTHER.items()
        ),
    ]
    assert len(set(keys)) == len(keys)
    same = replace(settings, model="other name of the same weights")
    assert analysis_key("a", "video", same, engine) == keys[0]

    class Retrained(ShadesEngine):
        def card(self, settings: AnalyzeSettings) -> ModelCard:
            return replace(CARD, sha256={"shades": "1" * 64})

    assert analysis_key("a", "video", settings, Retrained(RUN)) not in keys


def test_keys_do_not_change_with_the_place_or_the_machine(clip: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere.mp4"
    other.write_bytes(clip.read_bytes())
    fast = RunSettings(threads=2, batch_size=5, segment_frames=512)
    one = steps.probe(spec(clip), folder(tmp_path / "1"), ShadesEngine(RUN))
    two = steps.probe(
        replace(spec(other), name="other"), folder(tmp_path / "2"), ShadesEngine(fast)
    )
    assert (one.analysis_key, one.render_key) == (two.analysis_key, two.render_key)
    assert len(one.segments) == 3 and len(two.segments) == 1


def test_drawing_otherwise_changes_only_the_key_of_what_is_drawn(
    clip: Path, tmp_path: Path
) -> None:
    engine = ShadesEngine(RUN)
    items = [
        spec(clip),
        replace(spec(clip), render=replace(QUICK, blur_faces=True)),
        spec(clip, ("csv",)),
    ]
    plans = [steps.probe(item, folder(tmp_path), engine) for item in items]
    assert len({plan.analysis_key for plan in plans}) == 1
    assert len({plan.render_key for plan in plans}) == 3
    turned = spec(clip, ALL[::-1])
    assert steps.probe(turned, folder(tmp_path), engine).render_key == plans[0].render_key


def test_an_input_is_known_by_its_content(tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    for path in (one, two):
        path.mkdir()
        for name in ("a.png", "b.png"):
            (path / name).write_bytes(name.encode())
    names = ("a.png", "b.png")
    known = input_sha256(one, names)
    assert input_sha256(two, names) == known
    assert input_sha256(two, names[::-1]) != known
    (two / "b.png").write_bytes(b"other")
    changed = input_sha256(two, names)
    assert changed != known
    (two / "b.png").unlink()
    assert input_sha256(two, names) not in (known, changed)
    expected = hashlib.sha256(b"a.png").hexdigest()
    assert input_sha256(one / "a.png", ("a.png",)) == expected


@pytest.mark.parametrize("segment_frames", [8, 32])
def test_the_film_and_what_it_lost_do_not_depend_on_the_cut(
    segment_frames: int, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part of an only segment is the film itself; more are joined."""
    sound = open_sound

    def shortened(*of: Any) -> Any:
        *_, warnings = of
        yield from islice(sound(*of), 10)
        warnings.append("the sound ends early")

    monkeypatch.setattr(film, "open_sound", shortened)
    engine = ShadesEngine(RunSettings(threads=1, segment_frames=segment_frames))
    item, work = spec(clip, ("video", "summary")), folder(tmp_path)
    before_finish(item, work, engine)
    summary = steps.finish(item, work, engine)
    assert summary["warnings"] == ["the sound ends early"]
    with av.open(str(work.out / "annotated.mp4")) as container:
        packets = [p.stream.type for p in container.demux() if p.size]
    assert (packets.count("video"), packets.count("audio")) == (FRAMES, 10)
    alone = segment_frames > FRAMES
    assert (work.out / "annotated.mp4").samefile(work.part(0)) == alone


def test_the_column_clock_or_a_line_that_there_is_none(clip: Path, tmp_path: Path) -> None:
    stamped = tmp_path / "stamped.mp4"
    ffmpeg("-i", clip, "-c", "copy", "-metadata", "creation_time=2026-03-01T10:20:30Z", stamped)
    for path, first in ((stamped, "2026-03-01T10:20:30.000000+00:00"), (clip, "")):
        item = replace(spec(path, ("csv", "summary")), render=replace(QUICK, clock=True))
        work, engine = folder(tmp_path / path.stem), ShadesEngine(RUN)
        before_finish(item, work, engine)
        said = steps.finish(item, work, engine)["warnings"]
        table = (work.out / "timeline.csv").read_text().splitlines()
        assert table[0].split(",")[-1] == "clock" and table[1].split(",")[-1] == first
        assert said == ([] if first else [f"{clip}: {NO_CLOCK}"])
