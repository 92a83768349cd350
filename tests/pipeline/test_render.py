"""Drawn segments: a picture for each frame, the same snapshots in any cut, all or nothing."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, Limits, RenderSettings, RunSettings
from fer_batch.errors import Cancelled
from fer_batch.faces.detector import open_detector
from fer_batch.media.join import join_parts
from fer_batch.media.planes import from_bgr
from fer_batch.media.source import FrameSource, open_source, probe
from fer_batch.output.moments import pick_moments
from fer_batch.pipeline.preview import preview
from fer_batch.pipeline.progress import Timings, never
from fer_batch.pipeline.render import render_segment
from fer_batch.pipeline.snapshots import Snapshots, wanted
from fer_batch.pipeline.timeline import build_timeline
from fer_batch.types import Frame, FrameStatus, Image, Segment, Timeline
from tests.footage import broken, images, oracle, pictures, videos
from tests.pipeline.stand_ins import LABELS, analyzed, nobody_known

FRAMES = 50
QUICK = RenderSettings(preset="ultrafast")
RUN = RunSettings(threads=1)
Work = tuple[FrameSource, Timeline]


def analysed(path: Path) -> Work:
    source = open_source(probe(path, path.stem, 25.0, Limits(), "frames"), Limits(), threads=1)
    settings = AnalyzeSettings(identity="off")
    shards = analyzed(source, settings, 10**6)
    return source, build_timeline(source.info, shards, LABELS, settings, nobody_known)


@pytest.fixture(scope="module")
def works(face_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Work]:
    folder = tmp_path_factory.mktemp("works")
    whole = videos.write(folder / "whole.mkv", pictures.two_faces(FRAMES)[:30])
    broken.damaged(folder / "damaged.mkv", whole, 12)
    shots = images.folder(folder / "shots", pictures.two_faces(FRAMES)[:10])
    (shots / "face 3.webp").write_bytes(b"")
    nobody = videos.write(folder / "nobody.mp4", [pictures.numbered(i) for i in range(20)])
    clips = {
        "clip": face_clip,
        "damaged": folder / "damaged.mkv",
        "shots": shots,
        "nobody": nobody,
    }
    return {name: analysed(path) for name, path in clips.items()}


def rendered(
    work: Work, cuts: list[int], folder: Path, settings: RenderSettings = QUICK, video: bool = True
) -> tuple[list[Path], list[Path]]:
    """Parts and snapshots of the segments between ``cuts``."""
    source, timeline = work
    parts, kept = [], []
    for i, (start, stop) in enumerate(pairwise([0, *cuts, len(source.info)])):
        parts.append(folder / f"{i}.mp4")
        kept.append(folder / f"{i}.zip")
        render_segment(
            source,
            Segment(i, start, stop),
            timeline,
            settings,
            wanted(timeline, settings),
            parts[-1] if video else None,
            kept[-1],
            Timings(),
            RUN,
            whole=video and source.info.kind == "frames",
        )
    return parts, kept


def contents(kept: list[Path]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in kept:
        with zipfile.ZipFile(path) as file:
            found |= {name: file.read(name) for name in file.namelist()}
    return found


@pytest.mark.parametrize("kind", ["clip", "damaged", "shots", "nobody"])
def test_a_picture_for_each_frame_however_it_is_cut(
    kind: str, works: dict[str, Work], tmp_path: Path
) -> None:
    info = works[kind][0].info
    for name, cuts in (("one", []), ("many", [4, 8])):
        parts, _ = rendered(works[kind], cuts, tmp_path / name)
        join_parts(parts, info, tmp_path / f"{name}.mp4")
        times = oracle.decoded(tmp_path / f"{name}.mp4").times
        assert times == pytest.approx([info.time_s(i) for i in range(len(info))], abs=1e-6)


@pytest.mark.parametrize("kind", ["clip", "nobody", "shots"])
def test_snapshots_do_not_depend_on_the_cut_or_on_the_video(
    kind: str, works: dict[str, Work], tmp_path: Path
) -> None:
    whole = contents(rendered(works[kind], [], tmp_path / "whole")[1])
    assert contents(rendered(works[kind], [4, 8], tmp_path / "cut")[1]) == whole
    no_video = rendered(works[kind], [4, 8], tmp_path / "no", video=False)
    images = {name for name in whole if name.startswith("image/")}
    assert bool(images) == (kind == "shots")
    assert contents(no_video[1]) == {k: v for k, v in whole.items() if k not in images}
    assert not any(part.exists() for part in no_video[0])


def test_what_is_kept_is_what_is_wanted(works: dict[str, Work], tmp_path: Path) -> None:
    for kind, whole in (("clip", 0), ("nobody", 0), ("shots", 9)):
        timeline = works[kind][1]
        people = len(set(timeline.face_id.tolist()))
        assert (people > 0) == (kind != "nobody")
        _, kept = rendered(works[kind], [4], tmp_path / kind)
        with_names = Snapshots(kept)
        try:
            assert len(list(with_names.jpegs("person"))) == people
            assert len(list(with_names.jpegs("image"))) == whole
            moments = pick_moments(timeline, QUICK)
            assert len(list(with_names.jpegs("moment"))) == len({m.key_frame for m in moments})
        finally:
            with_names.close()


def test_faces_are_drawn_and_the_rest_is_left_alone(works: dict[str, Work], tmp_path: Path) -> None:
    source, timeline = works["clip"]
    fine = replace(QUICK, crf=1)
    (part,), _ = rendered(works["clip"], [], tmp_path, fine)
    with av.open(str(part)) as container:
        drawn = [f.to_ndarray(format="gray") for f in container.decode(video=0)]
    for frame, picture in zip(source.frames(0, FRAMES), drawn, strict=True):
        changed = np.abs(picture.astype(int) - frame.luma) > 25
        assert changed.mean() < 0.3
        boxes = timeline.box[timeline.faces_at(frame.index)]
        assert len(boxes) == 2
        for x, y, w, h in boxes.round().astype(int):
            rim = changed[y - 3 : y + h + 3, x - 3 : x + w + 3].copy()
            face = rim[12:-12, 12:-12]
            assert face.mean() < 0.2 < (rim.sum() - face.sum()) / (rim.size - face.size)


def frames_of(gif: Path) -> list[Image]:
    with av.open(str(gif)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def faces_in(picture: Image) -> int:
    frame = Frame(0, 0, from_bgr(picture), picture.shape[1], picture.shape[0])
    return len(open_detector("yunet", min_confidence=0.5).detect(frame))


def test_blurred_faces_cannot_be_seen_in_anything_that_is_kept(
    works: dict[str, Work], tmp_path: Path
) -> None:
    blurry = replace(QUICK, blur_faces=True)
    found = []
    for name, settings in (("plain", QUICK), ("blurred", blurry)):
        work = works["clip"]
        kept = contents(rendered(work, [], tmp_path / name, settings)[1])
        shown = {
            where: cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            for where, data in kept.items()
        }
        gif = tmp_path / f"{name}.gif"
        preview(*work, settings, gif, Timings())
        shown |= {f"gif {i}": picture for i, picture in enumerate(frames_of(gif))}
        faces = {where: faces_in(picture) for where, picture in shown.items()}
        found.append(faces)
    plain, blurred = found
    assert set(plain) == set(blurred) and len(plain) > 5
    assert min(plain.values()) >= 1
    assert max(blurred.values()) == 0


def test_a_wish_to_stop_leaves_nothing_half_written(works: dict[str, Work], tmp_path: Path) -> None:
    source, timeline = works["clip"]
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        render_segment(
            source,
            Segment(0, 0, FRAMES),
            timeline,
            QUICK,
            wanted(timeline, QUICK),
            tmp_path / "0.mp4",
            tmp_path / "0.zip",
            Timings(),
            RUN,
            should_cancel=lambda: next(asked),
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("video", [True, False])
def test_progress_adds_up(video: bool, works: dict[str, Work], tmp_path: Path) -> None:
    source, timeline = works["clip"]
    reported: list[int] = []
    part = tmp_path / "0.mp4" if video else None
    kept = tmp_path / "0.zip"
    segment = Segment(0, 0, FRAMES)
    keep = wanted(timeline, QUICK)
    render_segment(
        source, segment, timeline, QUICK, keep, part, kept, Timings(), RUN, reported.append, never
    )
    if video:
        assert sum(reported) == FRAMES
    else:
        assert 0 < sum(reported) <= FRAMES


def test_a_damaged_frame_shows_the_last_picture_marked(
    works: dict[str, Work], tmp_path: Path
) -> None:
    _, timeline = works["damaged"]
    lost = np.flatnonzero(timeline.status == FrameStatus.DECODE_ERROR)
    assert len(lost) and lost[0] > 0
    (part,), _ = rendered(works["damaged"], [], tmp_path, replace(QUICK, crf=1))
    with av.open(str(part)) as container:
        drawn = [f.to_ndarray(format="gray").astype(int) for f in container.decode(video=0)]
    last = drawn[lost[0] - 1]
    edge = np.s_[:40]
    for frame in lost:
        # Dimmed, a line of text in its middle; and not more so from frame to frame.
        assert drawn[frame].mean() < 0.6 * last.mean()
        assert np.abs(drawn[frame] - drawn[lost[0]]).mean() < 2
        assert np.corrcoef(drawn[frame][edge].ravel(), last[edge].ravel())[0, 1] > 0.95
