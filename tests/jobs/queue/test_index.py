"""The tables of a job are joined below the worker's cache, without a copy of every input's."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fer_batch.config import DEFAULT_MODEL
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.queue import facts
from fer_batch.jobs.queue.index import write_index
from fer_batch.jobs.settings import QueueSettings
from fer_batch.jobs.store import keys
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
