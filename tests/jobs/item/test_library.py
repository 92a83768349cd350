"""``from fer_batch import analyze``: the same numbers as the program's, without files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fer_batch import Timeline, analyze
from fer_batch.config import AnalyzeSettings, RunSettings
from fer_batch.errors import Cancelled, NotFoundError, UnknownModelError
from fer_batch.jobs.item import steps
from fer_batch.jobs.item.work import ItemSpec, WorkFolder
from fer_batch.output.read_table import read_csv
from fer_batch.pipeline.build import Engine
from fer_batch.timeline_file import read_timeline
from tests.footage import images, pictures, videos
from tests.pipeline.stand_ins import same_timelines

RUN = RunSettings(threads=1)
FRAMES = 20


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip_of_tests") / "my clip.mp4"
    return videos.write(path, pictures.two_faces(50)[:FRAMES])


@pytest.fixture(scope="module")
def timeline(clip: Path) -> Timeline:
    return analyze(clip, run=RUN)


def test_a_timeline_of_the_shipped_model(timeline: Timeline) -> None:
    assert timeline.name == "my clip"
    assert timeline.labels == ("happy", "sad", "neutral")
    assert len(timeline) == FRAMES and len(timeline.frame) == 2 * FRAMES
    assert set(timeline.face_id.tolist()) == {1, 2}
    assert timeline.raw.sum(axis=1) == pytest.approx(np.ones(2 * FRAMES), abs=1e-5)


@pytest.mark.parametrize("frames", [4, 8])
def test_any_cut_gives_the_same_numbers(frames: int, timeline: Timeline, clip: Path) -> None:
    cut = analyze(clip, run=RunSettings(threads=1, segment_frames=frames))
    assert same_timelines(cut, timeline)


def test_it_is_what_the_steps_write(timeline: Timeline, clip: Path, tmp_path: Path) -> None:
    item, work = (
        ItemSpec(str(clip), "my clip", outputs=("csv",)),
        WorkFolder(tmp_path / ".work", tmp_path),
    )
    engine = Engine(RunSettings(threads=1, segment_frames=8))
    for segment in steps.probe(item, work, engine).segments:
        steps.analyze(item, work, segment.index, engine)
    written = read_timeline(steps.assemble(item, work, engine))
    assert same_timelines(written, timeline)
    steps.finish(item, work, engine)
    assert same_timelines(read_csv(tmp_path / "timeline.csv", "my clip"), timeline)


def test_a_path_may_be_text_and_settings_are_taken(clip: Path) -> None:
    reported: list[int] = []
    found = analyze(str(clip), settings=AnalyzeSettings(every=4), run=RUN, progress=reported.append)
    assert sorted(set(found.frame.tolist())) == list(range(0, FRAMES, 4))
    assert sum(reported) == FRAMES


def test_images_and_folders_of_them(tmp_path: Path) -> None:
    images.folder(tmp_path / "shots", pictures.two_faces(50)[:10])
    found = analyze(tmp_path / "shots", run=RUN)
    assert len(found) == 10 and found.files[1] == "face 2.png"
    assert "file" in found.to_pandas()
    assert found.is_photos and np.isnan(found.time_s).all()
    assert np.array_equal(found.smoothed, found.raw)
    film = analyze(tmp_path / "shots", settings=AnalyzeSettings(images="frames"), run=RUN)
    assert not film.is_photos and film.time_s[1] == pytest.approx(0.04)
    one = analyze(tmp_path / "shots" / "face 2.png", run=RUN)
    assert len(one) == 1 and len(one.frame) == 2
    crops = analyze(tmp_path / "shots", settings=AnalyzeSettings(detector="none"), run=RUN)
    assert len(crops.frame) == 10


def test_errors_are_ours(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"gone\.mp4"):
        analyze(tmp_path / "gone.mp4")
    with pytest.raises(UnknownModelError, match="'nobody'"):
        analyze(clip, model="nobody")
    with pytest.raises(Cancelled):
        analyze(clip, run=RUN, should_cancel=lambda: True)
