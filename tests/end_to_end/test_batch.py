"""``fer-batch run`` over a folder of everything: rows, videos, sound, and what is said."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import av
import cv2
import pytest

from fer_batch.checksum import sha256_file
from fer_batch.cli.show import STAGES
from tests.end_to_end.conftest import FRAMES, GOOD, HOSTILE, Batch, leftovers, rows_of
from tests.footage import oracle

HEADER = (
    "frame,time_s,status,face_id,x,y,w,h,confidence,emotion,"
    "happy,sad,neutral,happy_raw,sad_raw,neutral_raw,quality"
)
# Inputs whose names are unique without their suffix are called by it alone.
STEMS = Counter(Path(name).stem for name in GOOD)
NAMES = {name: Path(name).stem if STEMS[Path(name).stem] == 1 else name for name in GOOD}
EVERY_GOOD = [*GOOD, "turned.mp4", "late.mkv", "odd size.mp4", "one frame.mp4", "nobody.mp4"]


def name_of(file: str, batch: Batch) -> str:
    return NAMES.get(file, Path(file).stem)


@pytest.mark.parametrize("file", EVERY_GOOD)
def test_rows_for_exactly_the_frames_that_ffmpeg_decodes(file: str, batch: Batch) -> None:
    rows = batch.timeline(name_of(file, batch))
    expected = oracle.decoded(batch.inputs / file)
    assert ",".join(rows[0]) == HEADER
    frames = [int(row["frame"]) for row in rows]
    assert frames == sorted(frames)
    assert sorted(set(frames)) == list(range(len(expected)))
    times = {int(row["frame"]): row["time_s"] for row in rows}
    assert all(len(time.split(".")[1]) == 6 for time in times.values())
    assert [float(times[i]) for i in range(len(expected))] == pytest.approx(
        expected.times, abs=1e-6
    )
    assert {row["status"] for row in rows} <= {"ok", "no_face"}


@pytest.mark.parametrize("file", [f for f in EVERY_GOOD if f != "nobody.mp4"])
def test_both_people_are_found_and_kept_apart(file: str, batch: Batch) -> None:
    rows = batch.timeline(name_of(file, batch))
    assert all(row["status"] == "ok" for row in rows)
    assert {row["face_id"] for row in rows} == {"1", "2"}
    per_frame = Counter(row["frame"] for row in rows)
    assert set(per_frame.values()) == {2}
    centre = {
        person: [float(r["x"]) + float(r["w"]) / 2 for r in rows if r["face_id"] == person]
        for person in ("1", "2")
    }
    assert max(centre["1"]) < min(centre["2"])


@pytest.mark.parametrize("file", EVERY_GOOD)
def test_probabilities_sum_to_one_and_name_the_emotion(file: str, batch: Batch) -> None:
    for row in batch.timeline(name_of(file, batch)):
        if row["status"] == "unusable":
            assert row["emotion"] == "" and row["face_id"] and float(row["quality"]) < 1
            continue
        if row["status"] != "ok":
            assert row["face_id"] == row["emotion"] == row["happy"] == row["x"] == ""
            continue
        smoothed = {label: float(row[label]) for label in ("happy", "sad", "neutral")}
        assert sum(smoothed.values()) == pytest.approx(1, abs=1e-6)
        assert sum(float(row[f"{k}_raw"]) for k in smoothed) == pytest.approx(1, abs=1e-6)
        assert smoothed[row["emotion"]] == max(smoothed.values())


def test_nobody_is_nobody(batch: Batch) -> None:
    rows = batch.timeline("nobody")
    assert [row["status"] for row in rows] == ["no_face"] * FRAMES


@pytest.mark.parametrize("file", EVERY_GOOD)
def test_annotated_video_is_the_source_frame_by_frame(file: str, batch: Batch) -> None:
    source = oracle.decoded(batch.inputs / file)
    path = batch.results(name_of(file, batch)) / "annotated.mp4"
    made = oracle.decoded(path)
    assert made.times == pytest.approx(source.times, abs=1e-6)
    even = (source.width + source.width % 2, source.height + source.height % 2)
    assert (made.width, made.height) == even
    assert oracle.has_sound(path) == oracle.has_sound(batch.inputs / file)
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.format.name) == ("h264", "yuv420p")
        assert next(container.decode(video)).rotation == 0
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("file", ["h264.mp4", "vp9.webm", "mpeg4.avi"])
def test_sound_is_as_long_as_it_was(file: str, batch: Batch) -> None:
    def seconds(path: Path) -> float:
        with av.open(str(path)) as container:
            return sum(f.samples / f.sample_rate for f in container.decode(audio=0))

    annotated = batch.results(name_of(file, batch)) / "annotated.mp4"
    assert seconds(annotated) == pytest.approx(seconds(batch.inputs / file), abs=0.08)


def test_boxes_are_those_of_the_upright_picture(batch: Batch) -> None:
    rows = [r for r in batch.timeline("turned") if r["status"] == "ok"]
    for row in rows:
        assert float(row["x"]) >= 0 and float(row["x"]) + float(row["w"]) <= 320
        assert float(row["y"]) >= 0 and float(row["y"]) + float(row["h"]) <= 180


def test_each_refused_file_gets_one_line_that_names_it(batch: Batch) -> None:
    assert batch.said.returncode == 1, batch.said.stderr
    told, refused = batch.said.stdout.splitlines(), batch.said.stderr.splitlines()
    assert not any("Traceback" in line for line in (*told, *refused))
    for path in batch.refused:
        assert len([line for line in refused if str(path) in line]) == 1, (path, refused)
        # On a slow machine signs of life may have come while it was looked at.
        stages = {line.split(f"{path}: ")[1].split(",")[0] for line in told if str(path) in line}
        assert stages <= set(STAGES.values()), stages
        assert not (batch.out / path.stem).exists()
        assert not (batch.out / path.name).exists()


def test_nothing_else_is_said_on_stderr(batch: Batch) -> None:
    assert all(line.startswith("fer-batch: ") for line in batch.said.stderr.splitlines())


def test_no_work_in_progress_is_left(batch: Batch) -> None:
    assert leftovers(batch.out) == []
    assert not (batch.inputs.parent / "owned").exists()


def test_hostile_and_equal_names_get_results_of_their_own(batch: Batch) -> None:
    hostile = [d for d in batch.out.iterdir() if d.name.startswith("-rf")]
    assert len(hostile) == 1
    assert len(rows_of(hostile[0] / "timeline.csv")) == 10
    lengths = {
        len({row["frame"] for row in rows_of(d / "timeline.csv")})
        for d in (batch.out / folder / "same name" for folder in "ab")
    }
    assert lengths == {5, 6}
    assert HOSTILE in batch.said.stdout or hostile[0].name in batch.said.stdout


def test_a_damaged_frame_is_a_row_not_the_end(batch: Batch) -> None:
    rows = batch.timeline("damaged")
    status = {int(row["frame"]): row["status"] for row in rows}
    assert sorted(status) == list(range(FRAMES))
    lost = [frame for frame, word in status.items() if word == "decode_error"]
    assert 11 in lost or 10 in lost or lost == []
    assert all(status[i] == "ok" for i in (*range(10), *range(13, FRAMES)))
    assert len(oracle.decoded(batch.results("damaged") / "annotated.mp4")) == FRAMES


def test_what_is_left_of_a_cut_off_video_is_analysed_and_said(batch: Batch) -> None:
    decodes = len(oracle.decoded(batch.inputs / "cut off.mkv"))
    assert 10 < decodes < 4 * FRAMES - 25
    rows = batch.timeline("cut off")
    ok = {row["frame"] for row in rows if row["status"] == "ok"}
    assert len(ok) == decodes
    summary = json.loads((batch.results("cut off") / "summary.json").read_text())
    assert summary["warnings"]
    assert "cut off.mkv" in batch.said.stderr


def test_a_folder_of_images(batch: Batch) -> None:
    rows = batch.timeline("shots")
    assert list(rows[0])[-1] == "file"
    files = {int(row["frame"]): row["file"] for row in rows}
    numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20]
    assert [Path(files[i]).stem for i in range(13)] == [f"face {n}" for n in numbers]
    status = {int(row["frame"]): row["status"] for row in rows}
    assert [i for i, word in status.items() if word == "decode_error"] == [2, 12]
    assert not (batch.results("shots") / "annotated.mp4").exists()
    assert {row["time_s"] for row in rows} == {""}
    assert all(row[f"{label}_raw"] == row[label] for row in rows for label in ("happy", "sad"))
    assert "shots: 13 images are taken as photos" in batch.said.stdout
    drawn = sorted(p.name for p in (batch.results("shots") / "annotated").iterdir())
    assert drawn == sorted(f"face {n}.jpg" for n in numbers if n not in (3, 20))
    picture = cv2.imread(str(batch.results("shots") / "annotated" / "face 2.jpg"))
    assert picture.shape[:2] == (241, 321)


@pytest.mark.parametrize("file", ["h264.mp4", "turned.mp4", "one frame.mp4", "nobody.mp4"])
def test_gif_is_small_and_short(file: str, batch: Batch) -> None:
    path = batch.results(name_of(file, batch)) / "preview.gif"
    found = oracle.decoded(path)
    assert len(found) >= 1
    assert found.width <= 480
    assert found.times[-1] <= 8
    assert path.stat().st_size < 5_000_000


def test_plot_is_a_picture(batch: Batch) -> None:
    plot = cv2.imread(str(batch.results(name_of("h264.mp4", batch)) / "timeline.png"))
    assert plot.shape[1] > 600 and plot.std() > 5


def test_summary_says_enough_to_repeat_the_run(batch: Batch) -> None:
    summary = json.loads((batch.results(name_of("h264.mkv", batch)) / "summary.json").read_text())
    assert summary["frames"]["total"] == FRAMES
    assert len(summary["people"]) == 2
    assert summary["timings"]["total_s"] > 0 and summary["timings"]["load_s"] > 0
    assert set(summary) >= {"input", "model", "detector", "settings", "versions", "outputs"}
    for name in summary["outputs"]:
        assert (batch.results(name_of("h264.mkv", batch)) / name).is_file()


def test_summary_csv_has_a_row_for_each_input(batch: Batch) -> None:
    text = (batch.out / "summary.csv").read_text(encoding="utf-8")
    rows = rows_of(batch.out / "summary.csv")
    inputs = [p for p in batch.inputs.rglob("*") if not p.is_dir() and p.parent.name != "shots"]
    # The same content stands once; the folder of photos is one input.
    good = {sha256_file(path) for path in inputs if path not in batch.refused}
    assert len(rows) == len(good) + len(batch.refused) + 1
    for path in batch.refused:
        assert path.name in text


def test_times_never_go_back(batch: Batch) -> None:
    rows = batch.timeline(name_of("variable rate.mp4", batch))
    times = sorted({float(row["time_s"]) for row in rows})
    steps = {round(b - a, 3) for a, b in pairwise(times)}
    assert len(steps) > 5
