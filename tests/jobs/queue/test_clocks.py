"""Clocks that are wrong: ages are told by Redis' clock alone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.queue import sweep
from tests.jobs.here import Here

DAY = 86400.0


@pytest.mark.parametrize("days", [40, -40])
def test_a_wrong_clock_deletes_nothing_and_shows_nothing_odd(
    here: Here, clip: Path, days: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = here.submit(clip, outputs=("csv", "summary"))
    here.drain()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + days * DAY)
    found = here.client.status(job)  # looks, sweeps and forgets what is old
    here.client.ledger.client.delete(f"{PREFIX}lock:retention", f"{PREFIX}lock:sweep")
    assert here.client.jobs("", 10, 0)[1] == 1
    assert found.state == "done" and found.items[0].frames_per_s
    other = here.submit(clip, outputs=("csv", "summary"), name="from the wrong clock")
    created = here.client.status(other).created
    assert abs(created - here.client.ledger.now()) < 60
    here.drain()
    assert here.client.download(job, Path(here.settings.cache_dir) / "got", frozenset())


def test_what_ended_long_ago_by_redis_goes(here: Here, clip: Path) -> None:
    job = here.submit(clip, outputs=("csv", "summary"))
    here.drain()
    ledger = here.client.ledger
    old = ledger.now() - 31 * DAY
    ledger.client.zadd(f"{PREFIX}jobs", {job: old - 60})
    assert sweep.forget_old(ledger, here.client.storage, 30 * DAY) == [], "it ended just now"
    ledger.client.hset(f"{PREFIX}job:{job}", "finished", f"{old:.3f}")
    ledger.client.hset(f"{PREFIX}job:{job}", "state", "running")
    assert sweep.forget_old(ledger, here.client.storage, 30 * DAY) == [], "it has not ended"
    ledger.client.hset(f"{PREFIX}job:{job}", "state", "done")
    assert sweep.forget_old(ledger, here.client.storage, 30 * DAY) == [job]
    assert here.client.storage.names("jobs") == []
