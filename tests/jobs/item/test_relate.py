"""Between timelines and drawing: all inputs at once where asked for, and nothing where not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_batch.jobs.item import relate
from fer_batch.jobs.item.local import run_items
from fer_batch.jobs.item.relation import Member
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.media.source import FrameSource
from fer_batch.pipeline.build import Engine
from fer_batch.timeline_file import ANALYSED, NAME, read_timeline
from fer_batch.types import Frame, SourceInfo
from tests.footage import pictures, videos
from tests.jobs.item.local_runs import FRAMES, RUN, VIDEO, Watch, names, run, spec, stamps
from tests.pipeline.stand_ins import Refuses, ShadesEngine


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip_of_tests") / "clip.mp4"
    return videos.write(path, pictures.two_faces(50)[:FRAMES])


class Numbered:
    """A ``Relation`` that numbers people through all inputs, and remembers what it saw."""

    name = "numbered"

    def __init__(self, asks: bool = True, first: int = 0, fails: Exception | None = None) -> None:
        self.asks, self.first, self.fails = asks, first, fails
        self.seen: list[list[str]] = []

    def wanted(self, item: ItemSpec) -> bool:
        return self.asks

    def relate(self, members: Sequence[Member], engine: Engine) -> None:
        self.seen.append([member.item.name for member in members])
        if self.fails:
            raise self.fails
        count = self.first
        for member in members:
            timeline = member.timeline()
            assert member.analysed().appearance.shape[1] > 0 or "again" in self.seen[0]
            member.show(replace(timeline, face_id=timeline.face_id + count))
            member.note("first", count)
            count += len(np.unique(timeline.face_id))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    def ask(**options: Any) -> Numbered:
        relation = Numbered(**options)
        monkeypatch.setattr(relate, "RELATIONS", [relation])
        return relation

    return ask


def ids(folder: Path) -> set[str]:
    rows = (folder / "timeline.csv").read_text().splitlines()
    place = rows[0].split(",").index("face_id")
    return {row.split(",")[place] for row in rows[1:]} - {""}


def test_all_timelines_are_there_once_and_what_is_shown_is_drawn(
    asked: Any, clip: Path, tmp_path: Path
) -> None:
    relation, watch = asked(), Watch()
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    items = [spec(clip, "one"), spec(tmp_path / "bad.mp4", "bad"), spec(clip, "two", outputs=VIDEO)]
    out = tmp_path / "out"
    results = run(items, out, watch=watch)
    assert [r.state for r in results] == ["done", "failed", "done"]
    assert relation.seen == [["one", "two"]]
    assert ids(out / "one") == {"1", "2"} and ids(out / "two") == {"3", "4"}
    summary = json.loads((out / "two" / "summary.json").read_text())
    assert summary["related"]["notes"] == {"first": 2}
    assert [person["face_id"] for person in summary["people"]] == [3, 4]
    assert names(out / "one") == {ANALYSED, NAME, "timeline.csv", "summary.json"}
    assert set(read_timeline(out / "two" / ANALYSED).face_id.tolist()) == {1, 2}
    told = [event[:2] for event in watch.events if event[0] in ("started", "ended")]
    assert told == [("started", 0), ("started", 1), ("ended", 1), ("started", 2), ("ended", 0),
                    ("ended", 2)]  # fmt: skip


def test_where_nobody_asks_nobody_waits(asked: Any, clip: Path, tmp_path: Path) -> None:
    relation, watch = asked(asks=False), Watch()
    run([spec(clip, "one"), spec(clip, "two")], tmp_path, watch=watch)
    assert relation.seen == []
    told = [event[:2] for event in watch.events if event[0] in ("started", "ended")]
    assert told == [("started", 0), ("ended", 0), ("started", 1), ("ended", 1)]
    assert ANALYSED not in names(tmp_path / "one")
    assert "related" not in json.loads((tmp_path / "one" / "summary.json").read_text())


def test_the_same_answer_draws_nothing_and_another_one_needs_no_inference(
    asked: Any, clip: Path, tmp_path: Path
) -> None:
    asked()
    items = [spec(clip, "again"), spec(clip, "two")]
    run(items, tmp_path)
    before = stamps(tmp_path)
    relation = asked()
    states = [r.state for r in run(items, tmp_path, "keep", Refuses())]
    assert states == ["reused", "reused"] and relation.seen == [["again", "two"]]
    assert stamps(tmp_path) == before
    asked(first=7)
    states = [r.state for r in run(items, tmp_path, "keep", Refuses())]
    assert states == ["done", "done"] and ids(tmp_path / "two") == {"10", "11"}
    asked(asks=False)
    states = [r.state for r in run(items, tmp_path, "keep", Refuses())]
    assert states == ["done", "done"] and ids(tmp_path / "two") == {"1", "2"}
    assert ANALYSED not in names(tmp_path / "two")


def test_what_cannot_be_related_fails_and_is_kept(asked: Any, clip: Path, tmp_path: Path) -> None:
    asked(fails=RuntimeError("no idea"))
    items = [spec(clip, "again"), spec(clip, "two")]
    results = run(items, tmp_path)
    assert [(r.state, r.code) for r in results] == [("failed", "unexpected")] * 2
    assert "no idea" in results[0].error and str(clip) in results[0].error
    asked()
    states = [r.state for r in run(items, tmp_path, "keep", Refuses())]
    assert states == ["done", "done"]


def test_stopped_in_between_goes_on(asked: Any, clip: Path, tmp_path: Path) -> None:
    asked()
    items = [spec(clip, "again", outputs=VIDEO), spec(clip, "two", outputs=VIDEO)]
    states = [r.state for r in run(items, tmp_path, watch=Watch(stop_at=("render", 8)))]
    assert states == ["cancelled", "cancelled"]
    states = [r.state for r in run(items, tmp_path, "keep", Refuses())]
    assert states == ["done", "done"] and ids(tmp_path / "two") == {"3", "4"}


@pytest.mark.parametrize(("inputs", "read"), [(1, FRAMES), (2, 4 * FRAMES)])
def test_an_only_video_is_decoded_once(
    inputs: int, read: int, asked: Any, clip: Path, tmp_path: Path
) -> None:
    """Frames of several would need room for all of them while they wait for each other."""
    asked()
    indices: list[int] = []

    class Counts(ShadesEngine):
        def source(self, info: SourceInfo) -> FrameSource:
            source = super().source(info)

            class Counted:
                info = source.info

                def frames(self, start: int, stop: int) -> Iterator[Frame]:
                    for frame in source.frames(start, stop):
                        indices.append(frame.index)
                        yield frame

            return Counted()

    engine = Counts(replace(RUN, segment_frames=1500))
    copies = [Path(shutil.copy(clip, tmp_path / f"{n}.mp4")) for n in range(inputs)]
    items = [spec(copy, copy.stem, outputs=("video", "summary")) for copy in copies]
    results = run_items(items, tmp_path / "out", engine, "keep", Watch())
    assert [result.state for result in results] == ["done"] * inputs
    assert len(indices) == read
