"""An emptied ledger: all jobs come back, whoever comes first, wherever somebody died."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from fer_batch.errors import BrokerError, JobError
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.manifest import Manifest
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.spec import new_job_id
from fer_batch.jobs.ledger.status import job_ids
from fer_batch.jobs.queue import facts, restore
from fer_batch.jobs.store import keys
from tests.jobs.here import Here


def many_jobs(here: Here, clip: Path, count: int) -> list[str]:
    """Manifests of ``count`` jobs in storage, of which Redis knows nothing."""
    first = here.submit(clip)
    data = here.manifest(first).to_json()
    names = [first, *(new_job_id() for _ in range(count - 1))]
    for name in names:
        here.client.storage.put_json(keys.manifest(name), data | {"job_id": name})
    here.client.ledger.client.flushall()
    here.messages.clear()
    return names


def test_a_submission_into_an_emptied_redis_loses_no_job(here: Here, clip: Path) -> None:
    names = many_jobs(here, clip, 30)
    mine = here.submit(clip)
    assert set(job_ids(here.client.ledger)) == {*names, mine}
    assert here.client.jobs("", 10, 0)[1] == 31
    assert len({message.unit.job for message in here.messages}) == 31, "all are handed out"


def test_whoever_names_a_job_finds_it_in_an_emptied_redis(here: Here, clip: Path) -> None:
    """By its first letters, as the newest one, or to remove it: `rm` spares what is not done."""
    (job,) = many_jobs(here, clip, 1)
    redis = here.client.ledger.client
    assert here.client.newest() == job
    redis.flushall()
    assert here.client.resolve(job[:6]) == job
    redis.flushall()
    with pytest.raises(JobError, match="still queued"):
        here.client.remove(job)
    assert here.client.storage.exists(keys.manifest(job))


def test_no_speed_is_told_of_what_a_rebuilding_found(here: Here, clip: Path) -> None:
    """Frames that were done before it cost the job no time since."""
    job = here.submit(clip)
    here.drain(until=lambda unit: unit.stage == "assemble")
    here.client.ledger.client.flushall()
    here.messages.clear()
    here.client.jobs("", 10, 0)
    here.drain(until=lambda unit: unit.stage == "render")
    status = here.client.status(job)
    (item,) = status.items
    assert item.frames_done > 0
    assert (item.frames_per_s, item.eta_s, status.eta_s) == (None, None, None)


def test_a_job_alone_does_not_make_the_ledger_whole(here: Here, clip: Path) -> None:
    many_jobs(here, clip, 3)
    facts.enter(here.client.ledger, Manifest(**_fields(here, clip)), 4)
    assert here.client.ledger.emptied()


def _fields(here: Here, clip: Path) -> dict[str, object]:
    job = here.client.storage.names("jobs")[0]
    found = here.manifest(job)
    return {name: getattr(found, name) for name in found.__dataclass_fields__}


def test_a_rebuilding_that_died_is_taken_up_where_it_stopped(
    here: Here, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, ledger = many_jobs(here, clip, 20), here.client.ledger
    rebuild = facts.rebuild
    seen: list[Any] = []

    def dies_after(count: int) -> None:
        def some(*words: Any) -> object:
            if len(seen) == count:
                raise KeyboardInterrupt
            seen.append(words[2])
            return rebuild(*words)

        monkeypatch.setattr(facts, "rebuild", some)

    dies_after(8)
    assert ledger.acquire("rebuild", 60)
    with pytest.raises(KeyboardInterrupt):
        restore.rebuild_all(ledger, here.client.storage, here.client.publish)
    assert ledger.emptied() and len(ledger.rebuilt()) == 8
    dies_after(-1)
    assert restore.make_whole(ledger, here.client.storage, here.client.publish) == 12
    assert sorted(seen) == sorted(names), "each once"
    assert not ledger.emptied() and not ledger.client.exists(f"{PREFIX}rebuilt")


def test_redis_away_in_the_middle_is_no_end(
    here: Here, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_jobs(here, clip, 5)
    monkeypatch.setattr(here.client.ledger, "note_rebuilt", _away)
    with pytest.raises(BrokerError):
        restore.make_whole(here.client.ledger, here.client.storage, here.client.publish)
    monkeypatch.undo()
    assert here.client.ledger.emptied()
    assert here.client.jobs("", 10, 0)[1] == 5


def _away(job: str) -> None:
    raise BrokerError("no Redis answers")


@pytest.mark.parametrize(
    "content",
    [b'{"version": 1}', b"{", b"[" * 50_000, b'{"version": 99}', b"null", b"\xff", b'"x"'],
)
def test_a_bad_manifest_stops_no_other_and_is_named(
    here: Here, clip: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    names = many_jobs(here, clip, 5)
    bad = "a" * 20
    here.client.storage.put_bytes(keys.manifest(bad), content)
    # The very first look shows them all: it used to stop at the bad one, and the next look, within
    # the time of the sweep's lock, showed the jobs up to there.
    assert here.client.jobs("", 10, 0)[1] == 5
    assert set(job_ids(here.client.ledger)) == set(names)
    assert list(here.client.aside()) == [bad]
    assert f"job {bad} is set aside" in caplog.text
    with pytest.raises(Exception, match=bad):
        here.client.status(bad)
    assert here.client.storage.get_bytes(keys.manifest(bad)) == content, "nothing is deleted"


def test_a_mended_manifest_comes_back(here: Here, clip: Path) -> None:
    names = many_jobs(here, clip, 3)
    good = here.client.storage.get_bytes(keys.manifest(names[1]))
    here.client.storage.put_bytes(keys.manifest(names[1]), b"{")
    assert here.client.jobs("", 10, 0)[1] == 2
    assert good is not None
    here.client.storage.put_bytes(keys.manifest(names[1]), good)
    assert here.client.status(names[1]).job_id == names[1]


def test_names_that_are_no_jobs_are_passed_over(here: Here, clip: Path) -> None:
    many_jobs(here, clip, 2)
    here.client.storage.put_bytes("jobs/README", b"")
    here.client.storage.put_bytes("jobs/\x1b[31m/manifest.json", b"{}")
    assert here.client.jobs("", 10, 0)[1] == 2
    assert here.client.aside() == {}


def test_whoever_submits_waits_for_who_rebuilds(here: Here, clip: Path) -> None:
    names, ledger = many_jobs(here, clip, 5), here.client.ledger
    assert ledger.acquire("rebuild", 60)
    done: list[str] = []
    thread = threading.Thread(target=lambda: done.append(here.submit(clip)))
    thread.start()
    thread.join(0.6)
    assert not done, "it is not yet whole"
    restore.rebuild_all(ledger, here.client.storage, here.client.publish)
    thread.join(30)
    assert set(job_ids(ledger)) == {*names, *done}


def test_a_final_record_that_is_damaged_is_set_aside(here: Here, clip: Path) -> None:
    names = many_jobs(here, clip, 3)
    record = {"job": {"state": "done", "evil:key": "x"}, "items": []}
    here.client.storage.put_bytes(keys.final(names[0]), json.dumps(record).encode())
    assert here.client.jobs("", 10, 0)[1] == 2
    assert list(here.client.aside()) == [names[0]]


def test_set_aside_is_no_job(here: Here) -> None:
    with pytest.raises(JobError, match="there is no job"):
        here.client.status("b" * 20)


def test_a_ledger_of_nonsense_is_one_line(ledger: Ledger, here: Here, clip: Path) -> None:
    job = here.submit(clip)
    ledger.client.hset(f"{PREFIX}item:{job}:0", "frames", "many")
    with pytest.raises(BrokerError, match=f"holds of job {job} is damaged"):
        here.client.status(job)
    ledger.client.hset(f"{PREFIX}job:{job}", "created", "once")
    assert here.client.jobs("", 10, 0)[0] == []
    ledger.client.rpush(f"{PREFIX}log:{job}", "[" * 5000)
    ledger.client.hset(f"{PREFIX}item:{job}:0", "frames", "1")
    ledger.client.hset(f"{PREFIX}job:{job}", "created", "1")
    assert [event.text for event in here.client.log(job)] == ["submitted with 1 input"]
