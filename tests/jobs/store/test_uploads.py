"""Removing a job while the same content is being submitted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path

import pytest

from fer_batch.jobs.ledger.names import PREFIX
from tests.jobs.here import Here


def test_an_upload_that_a_submission_counts_on_stays(
    here: Here, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The moment that hurts: the upload was found there, the manifest is not written yet."""
    storage = here.client.storage
    first = here.submit(clip)
    here.drain()
    put_json = storage.put_json

    def then_remove(key: str, value: object) -> None:
        if key.endswith("manifest.json"):
            monkeypatch.undo()
            here.client.remove(first)
        put_json(key, value)

    monkeypatch.setattr(storage, "put_json", then_remove)
    second = here.submit(clip)
    assert storage.names("jobs") == [second] and len(storage.files("inputs")) == 1
    here.drain()
    assert here.client.status(second).state == "done"
    here.client.remove(second)
    assert not storage.files("inputs")
    assert not here.client.ledger.client.keys(f"{PREFIX}upload*")
    assert not here.client.ledger.client.exists(PREFIX + "deleting")


def test_a_submission_waits_while_its_upload_is_being_deleted(here: Here, clip: Path) -> None:
    storage, ledger = here.client.storage, here.client.ledger
    first = here.submit(clip)
    (upload,) = (f"inputs/{name}" for name in storage.files("inputs"))
    assert ledger.reservations.mark([upload], 60) == [upload]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(here.submit, clip)
        with pytest.raises(NotYet):
            waiting.result(timeout=1.0)
        storage.delete(upload)
        ledger.reservations.unmark([upload])
        second = waiting.result(timeout=30)
    assert storage.exists(upload) and set(storage.names("jobs")) == {first, second}


def test_the_mark_of_a_deletion_that_died_ends(here: Here, clip: Path) -> None:
    ledger = here.client.ledger
    first = here.submit(clip)
    (upload,) = (f"inputs/{name}" for name in here.client.storage.files("inputs"))
    assert ledger.reservations.mark([upload], 1.0) == [upload]
    assert here.submit(clip) != first
    ledger.reservations.reserve("somebody", [upload], 0.2, "owner")
    assert not ledger.reservations.mark([upload], 1.0), "another one counts on it"
