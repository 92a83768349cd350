"""The local runner: one bad input is one failure; what is done is known by hash and used again."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from fer_batch.config import AnalyzeSettings, Limits
from fer_batch.errors import UnknownModelError
from fer_batch.jobs.item import item_run
from fer_batch.jobs.item.batch import write_batch
from fer_batch.jobs.item.local import run_items
from fer_batch.media import images
from fer_batch.media.image_decode import Picture, read_picture
from fer_batch.media.join import join_parts
from fer_batch.pipeline import finish
from fer_batch.pipeline.build import Engine
from fer_batch.types import FloatArray, Image, SourceInfo
from tests.footage import pictures, videos
from tests.jobs.item.local_runs import FRAMES, GRID, RUN, VIDEO, Watch, names, run, spec
from tests.pipeline.stand_ins import Refuses, Shades


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 frames of two people: three segments of 8 frames."""
    path = tmp_path_factory.mktemp("clip_of_tests") / "clip.mp4"
    return videos.write(path, pictures.two_faces(50)[:FRAMES])


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
    assert names(out / "one") == {".timeline.npz", "timeline.csv", "summary.json"}
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
    # The same file twice stands once; inputs without a result come last.
    assert [row.split(",")[:2] for row in rows[1:]] == [
        ["one", "done"],
        ["text", "failed"],
        ["gone", "failed"],
    ]


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
    assert "annotated.mp4: no space left" in failed.error and "--" not in failed.error
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


def test_frames_that_are_kept_change_no_byte(tmp_path: Path, clip: Path) -> None:
    """One segment and several; all frames kept, some, none."""
    made = []
    for length in (8, 1500):
        for megabytes in (0, 1, 64):
            out = tmp_path / f"{length}-{megabytes}"
            settings = replace(RUN, segment_frames=length, frames_mb=megabytes)
            item = spec(clip, outputs=("csv", "video", "gif", "report", "summary"))
            (result,) = run(item, out, settings=settings)
            assert result.state == "done", result.error
            names = ("timeline.csv", "annotated.mp4", "preview.gif")
            thumbs = sorted((out / "clip" / "report").glob("*.jpg"))
            files = [out / "clip" / name for name in names] + thumbs
            made.append([path.read_bytes() for path in files])
        assert made.count(made[0]) == len(made)
        made.clear()


def test_photos_that_are_kept_change_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept where all fit; of several sizes, one of them damaged."""
    read: list[Path] = []

    def counted(path: Path, limits: Limits) -> Picture:
        read.append(path)
        return read_picture(path, limits)

    monkeypatch.setattr(images, "read_picture", counted)
    folder = tmp_path / "album"
    folder.mkdir()
    for number, frame in enumerate(pictures.two_faces(6)):
        size = (2 * frame.shape[1] - 20 * (number % 3), 2 * frame.shape[0] - 11 * (number % 2))
        cv2.imwrite(str(folder / f"{number}.jpg"), cv2.resize(frame, size))
    damaged = folder / "3.jpg"
    damaged.write_bytes(damaged.read_bytes()[:200])
    made, times = [], []
    for megabytes in (0, 1, 64):
        read.clear()
        out = tmp_path / str(megabytes)
        settings = replace(RUN, segment_frames=4, frames_mb=megabytes)
        analyze = replace(GRID, images="photos")
        outputs = ("csv", "images", "report", "summary")
        item = spec(folder, "album", analyze=analyze, outputs=outputs)
        (result,) = run(item, out, settings=settings)
        assert result.state == "done", result.error
        files = [out / "album" / "timeline.csv", *sorted((out / "album").rglob("*.jpg"))]
        made.append({path.relative_to(out): path.read_bytes() for path in files})
        times.append(len(read))
    # The first segment looks one photo ahead.
    assert times == [13, 13, 7]
    assert made[0] == made[1] == made[2]
    assert len(made[0]) > 5


def test_a_place_that_cannot_be_written_to_is_not_the_fault_of_the_input(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))

    monkeypatch.setattr(item_run, "make_private", refuse)
    (result,) = run([spec(clip, "one")], tmp_path / "out")
    place = tmp_path / "out" / "one"
    assert result.state == "failed" and result.code == "output_path"
    assert result.error == f"{place}: read-only file system; choose another place for the results"
