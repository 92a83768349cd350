"""The stage that sees all items of a job: once, on any worker, and never where nobody asks."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest

from fer_batch.config import AnalyzeSettings
from fer_batch.errors import FerBatchError
from fer_batch.jobs.item import relate
from fer_batch.jobs.item.relation import Member
from fer_batch.jobs.item.who import asking_for, read_who
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.jobs.queue.named import uploads_of
from fer_batch.jobs.store import keys
from fer_batch.pipeline.build import Engine
from tests.footage import videos
from tests.footage.pictures import cover, portraits
from tests.jobs.here import Here


class Numbered:
    """A ``Relation`` that gives each input's people numbers of their own."""

    name = "numbered"

    def __init__(self, fails: Exception | None = None) -> None:
        self.fails = fails
        self.seen: list[list[str]] = []

    def wanted(self, item: ItemSpec) -> bool:
        return True

    def relate(self, members: Sequence[Member], engine: Engine) -> None:
        self.seen.append([member.item.name for member in members])
        if self.fails:
            raise self.fails
        for place, member in enumerate(members):
            timeline = member.timeline()
            member.show(replace(timeline, face_id=timeline.face_id + 10 * place))


@pytest.fixture
def relation(monkeypatch: pytest.MonkeyPatch) -> Numbered:
    found = Numbered()
    monkeypatch.setattr(relate, "RELATIONS", [found])
    return found


@pytest.fixture
def folder(clip: Path, tmp_path: Path) -> Path:
    """Two films and one that is none."""
    place = tmp_path / "in"
    place.mkdir()
    for name in ("a.mp4", "b.mp4"):
        (place / name).write_bytes(clip.read_bytes() + name.encode())
    (place / "c.mp4").write_bytes(b"no video")
    return place


def stages(done: list[tuple[str, str]]) -> list[str]:
    return [key.split("/")[1] for key, _ in done]


def ids(out: Path, name: str) -> set[str]:
    lines = (out / name / "timeline.csv").read_text().splitlines()[1:]
    return {line.split(",")[3] for line in lines} - {""}


def check(here: Here, job: str, out: Path) -> None:
    status = here.client.status(job)
    assert [item.state for item in status.items] == ["done", "done", "failed"]
    here.client.download(job, out, frozenset())
    assert len(ids(out, "a")) == 2
    assert ids(out, "b") == {str(int(number) + 10) for number in ids(out, "a")}


def test_once_when_all_timelines_are_there(
    here: Here, folder: Path, tmp_path: Path, relation: Numbered
) -> None:
    job = here.submit(folder)
    done = here.drain()
    order = stages(done)
    assert order.count("relate") == 1 and relation.seen == [["a", "b"]]
    assert max(i for i, s in enumerate(order) if s == "assemble") < order.index("relate")
    assert order.index("relate") < min(i for i, s in enumerate(order) if s == "render")
    check(here, job, tmp_path / "out")
    left = here.client.storage.files(keys.item(job, 0))
    assert not [name for name in left if name.endswith(".npz") and not name.startswith("out/")]


def test_where_nobody_asks_there_is_no_such_stage(here: Here, folder: Path) -> None:
    job = here.submit(folder)
    assert "relate" not in stages(here.drain())
    assert "relate" not in here.client.ledger.dump(job)[0]
    assert not here.client.storage.exists(keys.related(job))


@pytest.mark.parametrize("stage", ["analyze", "relate", "render", "finish", "index"])
def test_redis_lost_at_every_point(
    here: Here, folder: Path, tmp_path: Path, relation: Numbered, stage: str
) -> None:
    job = here.submit(folder)
    here.drain(until=lambda unit: unit.stage == stage)
    here.messages.clear()
    here.client.ledger.client.flushall()
    here.client.status(job)
    here.drain()
    assert len(relation.seen) == 1
    check(here, job, tmp_path / "out")


def test_a_death_before_it_was_known_repeats_it_harmlessly(
    here: Here, folder: Path, tmp_path: Path, relation: Numbered, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = here.submit(folder)
    here.drain(until=lambda unit: unit.stage == "relate")
    unit = here.messages[0].unit
    here.executor.stages.relate(here.manifest(job))  # done and stored, and nobody was told
    here.executor.stages.relate(here.manifest(job))
    assert len(relation.seen) == 1 and unit.item == -1
    here.drain()
    check(here, job, tmp_path / "out")


def test_what_cannot_be_related_fails_and_can_be_had_again(
    here: Here, folder: Path, tmp_path: Path, relation: Numbered
) -> None:
    relation.fails = FerBatchError("people cannot be compared")
    job = here.submit(folder)
    here.drain()
    status = here.client.status(job)
    assert [item.state for item in status.items] == ["failed"] * 3
    assert status.state == "failed" and status.items[0].error == "people cannot be compared"
    # As Redis remembers it, so does storage.
    here.client.ledger.client.flushall()
    assert here.client.status(job).items[1].error == "people cannot be compared"
    relation.fails = None
    (folder / "c.mp4").unlink()
    here.client.retry(job)
    again = here.drain()
    assert "relate" in stages(again) and relation.seen == [["a", "b"]] * 2
    check(here, job, tmp_path / "out")


def test_all_that_could_wait_have_failed(
    here: Here, folder: Path, relation: Numbered, tmp_path: Path
) -> None:
    for name in ("a.mp4", "b.mp4"):
        (folder / name).unlink()
    (folder / "d.mp4").write_bytes(b"no video either")
    job = here.submit(folder)
    assert "relate" not in stages(here.drain())
    assert here.client.status(job).state == "failed" and relation.seen == []


def test_cancelled_while_it_waits(here: Here, folder: Path, relation: Any) -> None:
    job = here.submit(folder)
    here.drain(until=lambda unit: unit.stage == "relate")
    assert here.client.cancel(job).state == "cancelled"
    assert [verdict for _, verdict in here.drain()] == ["gone"]
    assert relation.seen == []
    here.client.retry(job)
    here.drain()
    assert relation.seen == [["a", "b"]]


def test_people_are_compared_across_a_job_and_nothing_of_them_stays(
    here: Here, tmp_path: Path
) -> None:
    shown = [cover(picture, 320, 240) for picture in portraits()]
    folder = tmp_path / "films"
    folder.mkdir()
    for name, people in (("a", (0, 1)), ("b", (1,))):
        videos.write(folder / f"{name}.mp4", [shown[p] for p in people for _ in range(12)])
    settings = AnalyzeSettings(grid=4, identity="batch")
    job = here.submit(folder, analyze=settings, outputs=("csv", "summary"))
    order = stages(here.drain())
    assert order.count("relate") == 1
    here.client.download(job, tmp_path / "out", frozenset())
    assert persons(tmp_path / "out", "a") == ["1"] * 12 + ["2"] * 12
    assert persons(tmp_path / "out", "b") == ["2"] * 12
    left = here.client.storage.files("jobs") if here.client.storage.exists("jobs") else {}
    assert not [name for name in left if "people" in name]


def persons(out: Path, name: str) -> list[str]:
    with (out / name / "timeline.csv").open(encoding="utf-8", newline="") as file:
        return [row["person"] for row in csv.DictReader(file)]


def test_photos_of_people_travel_with_the_job_and_go_with_it(here: Here, tmp_path: Path) -> None:
    shown = [cover(picture, 320, 240) for picture in portraits()]
    known = tmp_path / "known"
    (known / "Grace").mkdir(parents=True)
    cv2.imwrite(str(known / "Grace" / "1.png"), shown[1][:, ::-1])
    film = videos.write(tmp_path / "a.mp4", [shown[p] for p in (0, 1) for _ in range(12)])
    settings = asking_for(AnalyzeSettings(grid=4), read_who(known))
    job = here.submit(film, analyze=settings, outputs=("csv", "summary"), who=known)
    known_by = here.manifest(job).who
    assert known_by is not None and known_by.files[0].key in uploads_of(here.manifest(job))
    (known / "Grace" / "1.png").unlink()  # what was uploaded counts
    here.drain()
    here.client.download(job, tmp_path / "out", frozenset())
    with (tmp_path / "out" / "a" / "timeline.csv").open(encoding="utf-8", newline="") as file:
        found = [(row["person"], row["name"]) for row in csv.DictReader(file)]
    assert found == [("2", "")] * 12 + [("1", "Grace")] * 12
    client = here.client.ledger.client
    kept = b"".join(client.dump(key) or b"" for key in client.scan_iter("*"))
    assert b"Grace" not in kept
