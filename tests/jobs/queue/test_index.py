"""The tables of a job are joined below the worker's cache, without a copy of every input's."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fer_batch.config import DEFAULT_MODEL, AnalyzeSettings, RenderSettings
from fer_batch.jobs.item.batch import write_batch
from fer_batch.jobs.item.local import run_items
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.queue import facts
from fer_batch.jobs.queue.index import write_index
from fer_batch.jobs.settings import QueueSettings
from fer_batch.jobs.store import keys
from tests.faults.cluster import Silence
from tests.jobs.here import Here

OUTPUTS = ("csv", "people", "summary", "report")


@pytest.fixture(params=["folder", "object store"])
def job(
    request: pytest.FixtureRequest, settings: QueueSettings, ledger: Ledger, clip: Path
) -> Iterator[tuple[Here, str]]:
    """A job of two inputs, done but for its index."""
    if request.param == "object store":
        address = f"memory://{uuid.uuid4().hex}"
        settings = settings.model_copy(update={"storage": address})
    here = Here(settings)
    job = here.submit(clip, clip.with_name("no.mp4"), clip, outputs=OUTPUTS)
    here.drain(until=lambda unit: unit.stage == "index")
    yield here, job


def test_joined_in_its_own_folder_as_they_stream(
    job: tuple[Here, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, name = job
    storage = here.client.storage
    fetched: list[str] = []
    folders: list[str] = []
    get_file, make = type(storage).get_file, tempfile.TemporaryDirectory

    def noted(self: Any, key: str, target: Path) -> None:
        fetched.append(key)
        get_file(self, key, target)

    def made(*given: Any, **named: Any) -> Any:
        folders.append(str(named.get("dir")))
        return make(*given, **named)

    monkeypatch.setattr(type(storage), "get_file", noted)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", made)
    scratch = tmp_path / "cache" / "worker"
    write_index(storage, facts.read_manifest(storage, name), scratch)
    assert folders == [str(scratch)] and list(scratch.iterdir()) == []
    assert not [key for key in fetched if key.endswith(".csv")]
    frames = storage.get_bytes(f"{keys.index(name)}/frames.csv").decode().splitlines()
    table = storage.get_bytes(f"{keys.item(name, 0)}/out/timeline.csv").decode().splitlines()
    items = facts.read_manifest(storage, name).items
    good = [item.name for item in items if item.problem is None]
    assert frames[0] == f"input,model,{table[0]}"
    assert frames[1:] == [f"{item},{DEFAULT_MODEL},{row}" for item in good for row in table[1:]]
    assert storage.exists(f"{keys.index(name)}/index.html")


def test_a_gallery_is_made_where_nothing_was_asked_for(here: Here, clip: Path) -> None:
    """As `run` does: what suits each input has a report."""
    name = here.submit(clip, outputs=())
    here.drain()
    assert here.client.storage.exists(f"{keys.index(name)}/index.html")


def test_joined_tables_are_those_of_a_local_run(here: Here, clip: Path, tmp_path: Path) -> None:
    """A copy stands once, in the order of names, also where no record is downloaded."""
    folder = tmp_path / "in"
    folder.mkdir()
    clips = [folder / "clip10.mp4", folder / "clip9.mp4"]
    for path in clips:
        shutil.copyfile(clip, path)
    name = here.submit(*clips, outputs=("csv",))
    here.drain()
    here.client.download(name, tmp_path / "got", frozenset({"csv"}))
    asked = (AnalyzeSettings(), RenderSettings(), ("csv",))
    items = [ItemSpec(str(path), path.stem, *asked) for path in clips]
    out = tmp_path / "expected"
    write_batch(run_items(items, out, here.engine(), "keep", Silence()), out)
    tables = [(place / "frames.csv").read_bytes() for place in (tmp_path / "got", out)]
    assert tables[0] == tables[1] and b"\nclip9," in tables[0] and b"clip10" not in tables[0]
