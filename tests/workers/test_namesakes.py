"""Two workers of one name on machines that do not see each other's folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_batch.jobs.ledger.heartbeat import beat, forget, workers
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.queue.broker import make_app
from fer_batch.jobs.settings import QueueSettings
from workers.parent import Caretaker


def test_it_is_said_once_and_each_forgets_only_itself(
    redis_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = QueueSettings(
        redis_url=redis_url,  # type: ignore[arg-type]
        storage=str(tmp_path / "storage"),
        state_dir=tmp_path,
        cache_dir=tmp_path,
    )
    ledger = Ledger(settings)
    ledger.client.flushall()
    beat(ledger, "w@h", {"owner": "a worker that died"})
    caretaker = Caretaker(settings, make_app(settings), "w@h", "control")
    for _ in range(2):
        caretaker.turn()
    assert "called" not in caplog.text, "the one before is no namesake"
    for _ in range(3):
        beat(ledger, "w@h", {"owner": "somewhere else"})
        caretaker.turn()
    assert caplog.text.count("another worker is called w@h as well") == 1
    beat(ledger, "w@h", {"owner": "somewhere else"})
    forget(ledger, "w@h", caretaker.owner)
    assert [worker.name for worker in workers(ledger)] == ["w@h"]
    forget(ledger, "w@h", "somewhere else")
    assert workers(ledger) == []
