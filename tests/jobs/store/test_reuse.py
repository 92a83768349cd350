"""One new file in a folder: the others are answered from what is there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fer_batch.jobs.queue.submit import Request
from fer_batch.jobs.store import keys
from tests.jobs.here import OUTPUTS, Here


@pytest.fixture
def folder(clip: Path, tmp_path: Path) -> Path:
    path = tmp_path / "videos"
    path.mkdir()
    (path / "a.mp4").write_bytes(clip.read_bytes())
    return path


def other(clip: Path, folder: Path, name: str = "b.mp4") -> None:
    (folder / name).write_bytes(clip.read_bytes() + b"\0\0\0\x08free")


def stages(done: list[tuple[str, str]], item: int) -> list[str]:
    assert {verdict for _, verdict in done} == {"done"}
    return [key.split("/")[1] for key, _ in done if key.startswith(f"{item}/")]


def outputs(here: Here, job: str, out: Path) -> dict[str, bytes]:
    here.client.download(job, out, frozenset())
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*.*")}


def test_only_the_new_file_is_done(here: Here, clip: Path, folder: Path, tmp_path: Path) -> None:
    request = Request((folder,), outputs=OUTPUTS)
    first = here.client.submit(request).job_id
    here.drain()
    before = outputs(here, first, tmp_path / "one")
    other(clip, folder)
    second = here.client.submit(request)
    assert not second.reused and second.items == 2
    done = here.drain()
    assert stages(done, 0) == ["probe", "analyze", "assemble", "finish"]
    assert stages(done, 1).count("render") == 2
    status = here.client.status(second.job_id)
    assert [(i.state, i.frames_done, i.frames_total) for i in status.items] == [
        ("done", 40, 40)
    ] * 2
    here.client.remove(first)
    after = outputs(here, second.job_id, tmp_path / "two")
    assert {n: after[n] for n in before if n.startswith("a/")} == {
        n: data for n, data in before.items() if n.startswith("a/")
    }
    third = here.client.submit(Request((folder / "a.mp4",), outputs=OUTPUTS))
    assert "render" not in stages(here.drain(), 0), "taken from the second job, the first is gone"
    here.client.remove_all([second.job_id, third.job_id])
    assert not here.client.storage.files("same") and not here.client.storage.files("jobs")


@pytest.mark.parametrize("change", ["no cache", "settings", "path"])
def test_what_differs_is_done(here: Here, clip: Path, folder: Path, change: str) -> None:
    here.client.submit(Request((folder,), outputs=OUTPUTS))
    here.drain()
    other(clip, folder)
    elsewhere = shutil.copytree(folder, folder.parent / "elsewhere")
    requests = {
        "no cache": Request((folder,), outputs=OUTPUTS, use_cache=False),
        "settings": Request((folder,), outputs=("video", "summary")),
        "path": Request((elsewhere,), outputs=OUTPUTS),
    }
    here.client.submit(requests[change])
    assert stages(here.drain(), 0).count("render") == 2


def test_outputs_that_are_gone_are_made_again(here: Here, folder: Path) -> None:
    request = Request((folder,), outputs=OUTPUTS)
    first = here.client.submit(request).job_id
    here.drain()
    here.client.storage.delete(f"{keys.item(first, 0)}/out/annotated.mp4")
    here.client.storage.delete(keys.same(here.manifest(first).same_key()))
    here.client.submit(request)
    assert stages(here.drain(), 0).count("render") == 2


def test_redis_emptied_after_an_item_was_taken_over(
    here: Here, clip: Path, folder: Path, tmp_path: Path
) -> None:
    request = Request((folder,), outputs=OUTPUTS)
    here.client.submit(request)
    here.drain()
    other(clip, folder)
    second = here.client.submit(request).job_id
    here.drain(until=lambda unit: unit.job == second and unit.stage == "analyze")
    here.messages.clear()
    here.client.ledger.client.flushall()
    here.client.status(second)
    here.drain()
    assert here.client.status(second).state == "done"
    assert len(outputs(here, second, tmp_path / "got")) == 10
