"""The file that says a worker is in order: touched without Redis, stale where nothing turns."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fer_batch.errors import UsageError
from workers import heartbeat
from workers.heartbeat import Heartbeat, any_fresh, is_fresh

ROOT = Path(__file__).parents[2]


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_touched_while_in_order_and_removed_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "EVERY_S", 0.01)
    path, order = tmp_path / "deep" / "alive", [True]
    beats = Heartbeat(path, lambda: order[0])
    beats.begin()
    deadline = time.monotonic() + 20
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_fresh(path)
    order[0] = False
    time.sleep(0.1)
    age(path, 1000)
    time.sleep(0.1)
    assert not is_fresh(path)
    beats.ended.set()
    beats.join(20)
    assert not path.exists()


def test_of_any_worker(tmp_path: Path) -> None:
    assert not any_fresh(tmp_path)
    file = tmp_path / "worker-1@host" / heartbeat.NAME
    file.parent.mkdir()
    file.touch()
    assert any_fresh(tmp_path)
    age(file, 61)
    assert not any_fresh(tmp_path)


def probe(**more: str) -> int:
    """What the probe says of a machine whose Redis is away."""
    environment = {**os.environ, "FER_BATCH_REDIS_URL": "redis://127.0.0.1:1/0", **more}
    command = [sys.executable, "-m", "workers", "--healthy"]
    return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


def test_the_probe_asks_no_redis(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    assert probe(FER_BATCH_HEARTBEAT=str(file)) == 1
    file.touch()
    assert probe(FER_BATCH_HEARTBEAT=str(file)) == 0
    assert probe(FER_BATCH_HEARTBEAT="", FER_BATCH_CACHE_DIR=str(tmp_path)) == 1


def test_a_caretaker_that_does_not_turn_is_not_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FER_BATCH_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("FER_BATCH_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("FER_BATCH_SWEEP_S", "0.01")
    from fer_batch.jobs.queue.broker import make_app
    from fer_batch.jobs.settings import load_settings
    from workers.parent import Caretaker

    settings = load_settings()
    caretaker = Caretaker(settings, make_app(settings), "worker", "analyze")
    assert caretaker.in_order()  # not begun: Redis has not answered yet
    monkeypatch.setattr(caretaker, "turn", lambda: time.sleep(0.01))
    caretaker.start()
    caretaker.turned = 0.0
    deadline = time.monotonic() + 20
    while not caretaker.in_order() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert caretaker.in_order()
    monkeypatch.setattr(caretaker, "is_alive", lambda: True)
    caretaker.ended.set()
    caretaker.join(20)
    caretaker.turned = time.monotonic() - settings.watchdog_s - 1
    assert not caretaker.in_order()


def test_a_file_that_cannot_be_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"^FER_BATCH_HEARTBEAT: .*file/alive: "):
        Heartbeat(tmp_path / "file" / "alive", lambda: True).begin()
    # Later on, it may be possible again.
    monkeypatch.setattr(heartbeat, "EVERY_S", 0.01)
    beats = Heartbeat(tmp_path / "folder" / "alive", lambda: True)
    beats.begin()
    beats.path.unlink()
    beats.path.parent.rmdir()
    beats.path.parent.touch()
    time.sleep(0.1)
    assert beats.is_alive()
    beats.path.parent.unlink()
    deadline = time.monotonic() + 20
    while not beats.path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_fresh(beats.path)
    beats.ended.set()
    beats.join(20)
