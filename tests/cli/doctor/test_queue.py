"""What doctor says of a queue: a real Redis, workers as they make themselves known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fer_batch.cli.doctor.check import Check
from fer_batch.cli.doctor.queue import queue_checks
from fer_batch.cli.queue.stack import worker
from fer_batch.errors import BrokerError
from fer_batch.jobs.ledger.heartbeat import beat
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.settings import load_settings
from fer_batch.version import installed_version
from tests.faults.processes import RedisServer

ALL = "control,render,analyze"


@pytest.fixture(autouse=True)
def cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, redis_url: str) -> None:
    monkeypatch.setenv("FER_BATCH_REDIS_URL", redis_url)
    monkeypatch.setenv("FER_BATCH_STORAGE", str(tmp_path / "storage"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    Ledger(load_settings()).client.flushall()


def found(name: str) -> list[Check]:
    return [check for check in queue_checks() if check.name == name]


def work(name: str = "a", **differing: str) -> None:
    about = {
        "queues": ALL,
        "device": "cpu",
        "version": installed_version(),
        "storage": load_settings().storage_place,
    }
    beat(Ledger(load_settings()), name, {**about, **differing})


def test_a_sound_queue() -> None:
    work(gpu="NVIDIA H200")
    checks = list(queue_checks())
    assert {check.state for check in checks} == {"ok"}, checks
    names = [check.name for check in checks]
    assert names == ["visibility timeout", "storage", "broker", "worker a"]
    assert "sees NVIDIA H200" in checks[-1].found


def test_nobody_works() -> None:
    (check,) = found("workers")
    assert (check.state, check.found) == ("note", "no workers seen")


def test_a_queue_that_nobody_serves() -> None:
    work(queues="control,render")
    (check,) = found("workers")
    assert check.state == "wrong" and "analyze" in check.found


def test_a_worker_of_another_version_and_with_another_storage(tmp_path: Path) -> None:
    work("old", version="0.0.1")
    work("elsewhere", storage="s3://bucket/other")
    note, _ = found("worker old")
    assert note.state == "note" and "0.0.1" in note.found
    note, _ = found("worker elsewhere")
    assert note.state == "note" and "s3://bucket/other" in note.found
    assert str(tmp_path / "storage") in note.advice


def test_a_visibility_timeout_shorter_than_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_BATCH_VISIBILITY_TIMEOUT_S", "60")
    checks = list(queue_checks())
    assert checks[0].state == "wrong"
    assert "FER_BATCH_VISIBILITY_TIMEOUT_S" in checks[0].found + checks[0].advice


def test_a_broker_and_a_storage_that_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FER_BATCH_STORAGE", str(tmp_path / "file"))
    (queue,) = queue_checks()
    assert queue.state == "wrong" and "file is no folder" in queue.found
    monkeypatch.setenv("FER_BATCH_STORAGE", "/proc/none")
    assert [check.state for check in found("storage")] == ["wrong"], "said once"
    monkeypatch.setenv("FER_BATCH_REDIS_URL", "redis://:secret@127.0.0.1:1/0")
    states = {check.name: check for check in queue_checks()}
    assert states["storage"].state == "wrong"
    assert states["broker"].state == "wrong"
    assert "secret" not in str(states)


def test_a_storage_that_is_not_mounted(tmp_path: Path) -> None:
    """A folder lies there and can be written to, but holds no job that Redis knows."""
    Ledger(load_settings()).create(
        "k" * 20,
        {"created": "1", "window": 4, "step": 3, "priority": "normal"},
        [{"input": "a", "name": "a"}],
    )
    states = [check.state for check in found("storage")]
    assert states == ["ok", "wrong"]


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [("replicaof", "127.0.0.1 1", "copy that can only be read"), ("maxmemory", "1", "memory")],
)
def test_a_redis_that_takes_nothing(
    setting: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It answers, and yet no work can be done: said by doctor, and before a worker starts."""
    server = RedisServer(tmp_path / "r").start()
    try:
        monkeypatch.setenv("FER_BATCH_REDIS_URL", server.url)
        if setting == "maxmemory":
            server.client().config_set(setting, value)
        else:
            server.client().replicaof(*value.split())
        assert [check.state for check in found("broker")] == ["ok", "wrong"]
        assert words in found("broker")[1].found
        monkeypatch.setattr(os, "execv", lambda *words: None)
        with pytest.raises(BrokerError, match=words):
            worker(queues="analyze")
    finally:
        server.stop()
