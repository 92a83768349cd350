"""Jobs done in this process, unit by unit, by the very code that workers call."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_batch.config import AnalyzeSettings, RenderSettings
from fer_batch.errors import Cancelled, ModelFileError, NotFoundError, StorageError
from fer_batch.jobs.item import steps
from fer_batch.jobs.item.local import run_items
from fer_batch.jobs.item.work import specs_of
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.spec import Unit
from fer_batch.jobs.queue.submit import Request
from fer_batch.jobs.store import keys
from fer_batch.media.discover import discover
from tests.faults.cluster import Silence, run_here, same_outputs
from tests.footage import pictures
from tests.jobs.here import Here


def test_equal_to_a_local_run(here: Here, clip: Path, tmp_path: Path) -> None:
    expected = run_here([clip], tmp_path / "expected")
    job = here.submit(clip)
    assert all(verdict == "done" for _, verdict in here.drain())
    here.client.download(job, tmp_path / "got", frozenset())
    same_outputs(tmp_path / "got" / "pair", expected / "pair")
    summary = json.loads((tmp_path / "got" / "pair" / "summary.json").read_text())
    assert summary["input"]["path"] == str(clip)
    assert str(here.settings.storage) not in json.dumps(summary)
    left = here.client.storage.files(keys.item(job, 0))
    assert not [name for name in left if name.startswith(("parts/", "shards/"))]


def test_a_download_keeps_results_of_other_settings(here: Here, clip: Path, tmp_path: Path) -> None:
    made = tmp_path / "out" / "pair"
    first = here.submit(clip, outputs=("csv", "gif", "summary"))
    other = here.submit(clip, outputs=("csv", "summary"), analyze=AnalyzeSettings(every=2))
    here.drain()
    files, kept = here.client.download(first, tmp_path / "out", frozenset())
    assert made / "preview.gif" in files and kept == {}
    table = (made / "timeline.csv").read_bytes()
    for only in (frozenset(), frozenset({"csv"})):
        files, kept = here.client.download(other, tmp_path / "out", only)
        assert not [path for path in files if path.is_relative_to(made)]
        assert (
            "every: 1, in the job 2, outputs: gif,csv,summary, in the job csv,summary"
            in kept["pair"]
        )
        assert "--overwrite" in kept["pair"] and str(made) in kept["pair"]
        assert (made / "timeline.csv").read_bytes() == table
    # The job's own results are never in its way, also where some of them are missing.
    (made / "timeline.csv").unlink()
    assert here.client.download(first, tmp_path / "out", frozenset())[1] == {}
    assert (made / "timeline.csv").read_bytes() == table
    _, kept = here.client.download(other, tmp_path / "out", frozenset(), overwrite=True)
    assert kept == {} and (made / "timeline.csv").read_bytes() != table
    assert not (made / "preview.gif").exists()  # nothing of the others stays beside


def test_images_keep_their_names(here: Here, tmp_path: Path) -> None:
    import cv2

    folder = tmp_path / "frames"
    folder.mkdir()
    for number, picture in enumerate(pictures.two_faces(3)):
        cv2.imwrite(str(folder / f"f {number}.png"), picture)
    job = here.submit(folder, folder / "f 1.png", outputs=("csv", "summary"))
    here.drain()
    here.client.download(job, tmp_path / "got", frozenset({"csv"}))
    tables = {p.parent.name: p.read_text() for p in (tmp_path / "got").glob("*/timeline.csv")}
    assert set(tables) == {"frames"}  # the file is in the folder, and counts once
    assert [f"f {i}.png" in tables["frames"] for i in range(3)] == [True] * 3


def test_photos_and_frames_are_equal_to_a_local_run(here: Here, tmp_path: Path) -> None:
    import cv2

    for folder, shift in (("photos", 40), ("photos/more", 30), ("film", 0)):
        (tmp_path / "in" / folder).mkdir(parents=True)
        for number, picture in enumerate(pictures.two_faces(40)[:6]):
            moved = np.roll(picture, shift * (number % 2), axis=1)
            cv2.imwrite(str(tmp_path / "in" / folder / f"f {number}.png"), moved)
    items = specs_of(discover([tmp_path / "in"]), AnalyzeSettings(), RenderSettings())
    expected = tmp_path / "expected"
    run_items(items, expected, here.engine(), "overwrite", Silence())
    job = here.submit(tmp_path / "in", outputs=())
    assert all(verdict == "done" for _, verdict in here.drain())
    here.client.download(job, tmp_path / "got", frozenset())
    same_outputs(tmp_path / "got" / "film", expected / "film")
    (photos,) = {path.parent for path in expected.rglob("timeline.csv")} - {expected / "film"}
    got = tmp_path / "got" / photos.relative_to(expected)
    files = [path.relative_to(photos) for path in photos.rglob("*.jpg")]
    assert Path("annotated/more/f 5.jpg") in files and len(files) == 12
    for file in [*files, Path("timeline.csv")]:
        assert (got / file).read_bytes() == (photos / file).read_bytes()
    assert not (got / "annotated.mp4").exists()


def is_at(stage: str, unit: Unit) -> bool:
    return unit.stage == stage


def test_rebuilt_at_every_point(here: Here, clip: Path, tmp_path: Path) -> None:
    """Redis is emptied before each stage; what storage holds is not done again."""
    job = here.submit(clip)
    done: list[tuple[str, str]] = []
    for stage in ("analyze", "assemble", "render", "finish", "index"):
        done += here.drain(until=partial(is_at, stage))
        here.client.ledger.client.flushall()
        here.messages.clear()
        assert here.client.status(job).state in ("queued", "running")
        assert [h.unit.stage for h in here.messages][:1] == [stage]
    done += here.drain()
    assert [key for key, verdict in done if verdict == "done"] == [
        *("0/probe/0", "0/analyze/0", "0/analyze/1", "0/assemble/0"),
        *("0/render/0", "0/render/1", "0/finish/0", "-1/index/0"),
    ]
    here.client.ledger.client.flushall()
    status = here.client.status(job)
    assert (status.state, status.items[0].frames_done) == ("done", 40)
    assert not here.messages


def test_the_same_job_twice(here: Here, clip: Path, tmp_path: Path) -> None:
    request = Request(paths=(clip,), outputs=("csv",), name="first")
    first = here.client.submit(request)
    assert not first.reused
    assert here.client.submit(request).job_id == first.job_id, "under way"
    here.drain()
    again = here.client.submit(request)
    assert again.reused and again.job_id == first.job_id
    others = [
        replace(request, outputs=("csv", "summary")),
        replace(request, analyze=AnalyzeSettings(every=2)),
        replace(request, render=RenderSettings(threshold=0.5)),
        replace(request, use_cache=False),
    ]
    for other in others:
        assert not here.client.submit(other).reused
    here.client.cancel(job := here.client.submit(others[0]).job_id)
    assert here.client.submit(others[0]).job_id != job, "a cancelled job answers nothing"


def test_other_weights_are_another_job_and_their_path_holds_everywhere(
    here: Here, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    weights = tmp_path / "eyes.onnx"
    jobs = []
    for content in (b"one", b"two"):
        weights.write_bytes(content)
        settings = AnalyzeSettings(detector_model="eyes.onnx")
        jobs.append(here.client.submit(Request(paths=(clip,), outputs=("csv",), analyze=settings)))
    assert not jobs[1].reused
    manifest = here.client.storage.get_json(f"jobs/{jobs[0].job_id}/manifest.json")
    assert manifest["analyze"]["detector_model"] == str(weights)
    weights.unlink()
    with pytest.raises(ModelFileError, match=r"eyes\.onnx"):
        here.client.submit(Request(paths=(clip,), outputs=("csv",), analyze=settings))


def test_removal_deletes_results_and_uploads_nobody_else_names(
    here: Here, clip: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(clip.read_bytes() + b"\0\0\0\x08free")
    first, second = here.submit(clip, other), here.submit(clip)
    here.drain()
    storage = here.client.storage
    assert len(storage.files("inputs")) == 2
    here.client.remove(first)
    assert len(storage.files("inputs")) == 1 and storage.names("jobs") == [second]
    here.client.remove(second)
    assert not storage.files("inputs") and not storage.files("same") and not storage.names("jobs")
    assert set(here.client.ledger.client.keys("*")) <= {
        *(PREFIX + name for name in ("epoch", "mark", "costs", "lock:sweep", "lock:retention"))
    }


def test_one_bad_input_is_one_failed_item(here: Here, clip: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    job = here.submit(bad, clip, tmp_path / "absent.mp4", outputs=("csv", "summary"))
    here.drain()
    status = here.client.status(job)
    assert status.state == "failed"
    assert [item.state for item in status.items] == ["failed", "done", "failed"]
    assert status.items[0].error is not None and status.items[0].error.startswith(str(bad))
    assert "not found" in (status.items[2].error or "")
    here.client.download(job, tmp_path / "got", frozenset())
    rows = (tmp_path / "got" / "summary.csv").read_text().splitlines()[1:]
    assert [row.split(",")[:2] for row in rows] == [
        [clip.stem, "done"],
        ["bad", "failed"],
        ["absent", "failed"],
    ]


def test_nothing_at_all_is_told_at_once(here: Here, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"absent\.mp4: not found"):
        here.submit(tmp_path / "absent.mp4")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError, match="no videos or images"):
        here.submit(tmp_path / "empty")
    assert here.client.storage.names("jobs") == []


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (StorageError("storage is away"), "later"),
        (TimeoutError(), "later"),
        (MemoryError(), "later"),
        (NotFoundError("gone"), "failed"),
        (Cancelled("stopped"), "released"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_each_error_leads_to(
    here: Here, clip: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, verdict: str
) -> None:
    here.submit(clip)
    here.drain(until=lambda unit: unit.stage == "analyze")

    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(steps, "analyze", broken)
    unit = here.messages.pop(0).unit
    assert here.executor.run(unit) == verdict
    if verdict == "released":
        assert unit in [h.unit for h in here.messages]


@pytest.mark.logs_errors
def test_a_defect_of_ours_fails_one_item_after_three_tries(
    here: Here, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = here.submit(clip)
    monkeypatch.setattr(steps, "probe", lambda *_: 1 / 0)
    for _ in range(3):
        here.drain()
        here.try_again()
    here.drain()
    (item,) = here.client.status(job).items
    reason = "unexpected ZeroDivisionError (division by zero); please report it"
    assert item.error == f"{clip}: {reason}"


@pytest.mark.parametrize("stage", ["probe", "analyze", "assemble", "render", "finish", "index"])
@pytest.mark.parametrize("in_its_place", ["nothing", "an empty folder"])
def test_storage_that_goes_away_during_a_unit_loses_nothing(
    here: Here,
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    in_its_place: str,
) -> None:
    """What a unit makes then lies elsewhere: the ledger is not told that it is done."""
    job = here.submit(clip)
    here.drain(until=lambda unit: unit.stage == stage)
    root, away = Path(here.settings.storage_url), tmp_path / "away"
    do = here.executor.step

    def and_it_is_gone(*arguments: Any) -> dict[str, Any]:
        done = do(*arguments)
        root.rename(away)
        if in_its_place == "an empty folder":
            root.mkdir()
        return done

    monkeypatch.setattr(here.executor, "step", and_it_is_gone)
    unit = here.messages.pop(0).unit
    assert here.executor.run(unit) == "later"
    monkeypatch.undo()
    if in_its_place == "an empty folder":
        root.rmdir()
    away.rename(root)
    here.try_again()
    here.drain()
    status = here.client.status(job)
    assert status.state == "done", status


def test_what_is_written_while_another_folder_lies_there_is_made_again(
    here: Here, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A probe's result goes into a folder that is there only while storage is away."""
    job = here.submit(clip)
    root, away = Path(here.settings.storage_url), tmp_path / "away"
    probe = steps.probe

    def into_another_folder(*arguments: Any) -> Any:
        found = probe(*arguments)
        root.rename(away)
        root.mkdir()
        return found

    monkeypatch.setattr(steps, "probe", into_another_folder)
    assert [verdict for _, verdict in here.drain()] == ["later"]
    monkeypatch.undo()
    assert list(root.rglob("*.plan.json")), "it was written, into the wrong folder"
    root.rename(tmp_path / "meanwhile")
    away.rename(root)
    here.try_again()
    here.drain()
    assert here.client.status(job).state == "done"


def test_a_file_missing_for_a_moment_is_looked_for_again(
    here: Here, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storage is back before anybody can see that it was away."""
    job = here.submit(clip)
    here.drain(until=lambda unit: unit.stage == "assemble")
    plan = Path(here.settings.storage_url) / keys.item(job, 0) / "source.json"
    read = steps.assemble

    def while_it_is_away(item: Any, work: Any, engine: Any) -> Any:
        plan.rename(plan.with_name("hidden"))
        try:
            return read(item, work, engine)
        finally:
            plan.with_name("hidden").rename(plan)

    monkeypatch.setattr(steps, "assemble", while_it_is_away)
    assert here.executor.run(here.messages.pop(0).unit) == "later"
    monkeypatch.undo()
    here.try_again()
    here.drain()
    assert here.client.status(job).state == "done"
