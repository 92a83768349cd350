"""What died submissions leave goes; what anybody still counts on stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.spec import new_job_id
from fer_batch.jobs.queue import collect
from fer_batch.jobs.queue.collect import Collected
from fer_batch.jobs.queue.submit import Request
from fer_batch.jobs.stack.processes import this_owner
from fer_batch.jobs.store import keys
from tests.jobs.here import Here

SHA = "ab" * 32
UPLOAD = f"inputs/ab/{SHA}.mp4"
HALF = f"inputs/ab/.{SHA}.part-01234567.mp4"


@pytest.fixture
def root(here: Here) -> Path:
    return Path(here.settings.storage_url)


def half(root: Path, age_s: float = 0.0, name: str = HALF) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 100)
    then = time.time() - age_s
    os.utime(path, (then, then))
    return path


def run(here: Here) -> Collected:
    return collect.collect(here.client.ledger, here.client.storage, here.client.publish)


def test_a_dead_submission_leaves_nothing(here: Here, root: Path) -> None:
    ledger, job = here.client.ledger, new_job_id()
    ledger.reservations.reserve(job, [UPLOAD], 180, this_owner())
    path = half(root)
    whole = half(root, name=UPLOAD)
    assert run(here) == Collected(), "it lives"
    assert path.exists() and whole.exists()
    ledger.client.zadd(f"{PREFIX}uploading", {job: ledger.now() - 1})
    assert run(here) == Collected(2, 200)
    assert not path.exists() and not whole.exists()
    assert ledger.reservations.submissions() == {} and not ledger.client.keys(f"{PREFIX}upload*")


def test_a_dead_process_of_this_machine_is_not_waited_for(here: Here, root: Path) -> None:
    host = this_owner().partition(" ")[0]
    here.client.ledger.reservations.reserve(new_job_id(), [UPLOAD], 180, f"{host} 999999 1")
    path = half(root)
    assert run(here) == Collected(1, 100)
    assert not path.exists()


def test_what_a_living_submission_holds_stays(here: Here, root: Path) -> None:
    ledger = here.client.ledger
    ledger.reservations.reserve(dead := new_job_id(), [UPLOAD], 180, "a")
    ledger.reservations.reserve(new_job_id(), [UPLOAD], 180, "b")
    ledger.client.zadd(f"{PREFIX}uploading", {dead: 1})
    paths = [half(root, 1e6), half(root, 1e6, UPLOAD)]
    assert run(here) == Collected()
    assert collect.collect_old(ledger, here.client.storage) == Collected()
    assert here.client.clean() == Collected()
    assert all(path.exists() for path in paths)


def test_what_a_job_names_stays(here: Here, root: Path, clip: Path) -> None:
    job = here.submit(clip)
    (name,) = here.client.storage.files("inputs")
    here.client.ledger.reservations.reserve(dead := new_job_id(), [f"inputs/{name}"], 180, "a")
    here.client.ledger.client.zadd(f"{PREFIX}uploading", {dead: 1})
    os.utime(root / "inputs" / name, (1, 1))
    assert run(here) == Collected() and here.client.clean() == Collected()
    # Also where its manifest cannot be read: it may be mended.
    text = here.client.storage.get_bytes(keys.manifest(job))
    assert text is not None
    here.client.storage.put_bytes(keys.manifest(job), b"{" + text)
    from fer_batch.jobs.queue import facts

    facts.read_manifest.cache_clear()
    assert here.client.clean() == Collected()
    assert (root / "inputs" / name).exists()


def test_a_submission_that_died_after_its_manifest_goes_on(here: Here, clip: Path) -> None:
    job = here.submit(clip)
    ledger = here.client.ledger
    ledger.remove(job)
    here.messages.clear()
    ledger.reservations.reserve(job, [UPLOAD], 180, "a")
    ledger.client.zadd(f"{PREFIX}uploading", {job: 1})
    run(here)
    assert [message.unit.job for message in here.messages] == [job]
    assert here.client.status(job).state == "queued"


@pytest.mark.parametrize(("age_s", "gone"), [(60, False), (2 * 3600, True)])
def test_halves_of_which_redis_knows_nothing(
    here: Here, root: Path, age_s: float, gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = half(root, age_s)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 40 * 86400)  # of no matter
    collect.collect_old(here.client.ledger, here.client.storage)
    assert path.exists() is not gone


def test_unnamed_uploads_go_when_asked_for(here: Here, root: Path) -> None:
    old, new = half(root, 1e5, UPLOAD), half(root, 10, UPLOAD.replace("ab", "cd"))
    other = half(root, 1e6, "inputs/README")
    assert here.client.clean() == Collected(1, 100)
    assert not old.exists() and new.exists() and other.exists()


def test_a_submission_that_slept_too_long_uploads_again(here: Here, clip: Path) -> None:
    """Its lease ran out while it uploaded, and the collector took what it had."""
    ends = 0

    def slept(done: int, total: int) -> None:
        nonlocal ends
        ends += done == total
        if done == total and ends == 1:
            ledger = here.client.ledger
            (job,) = ledger.reservations.submissions()
            ledger.client.zadd(f"{PREFIX}uploading", {job: 1})
            assert run(here).files == 1

    request = Request(paths=(clip,), outputs=("csv", "summary"), use_cache=False)
    job = here.client.submit(request, slept).job_id
    assert ends == 2 and len(here.client.storage.files("inputs")) == 1
    here.drain()
    assert here.client.status(job).state == "done"
