"""The workers' app: task names, settings that must hold, options."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fer_batch.config import RunSettings
from fer_batch.errors import UsageError
from fer_batch.jobs.ledger.spec import QUEUE_OF, QUEUES, TASKS, served_queues
from fer_batch.jobs.queue.broker import celery_config
from fer_batch.jobs.settings import QueueSettings
from workers.process import run_settings


def test_the_worker_registers_every_task_that_clients_publish() -> None:
    code = (
        "from workers.app import app; app.loader.import_default_modules(); app.finalize(); "
        "print('\\n'.join(name for name in app.tasks if not name.startswith('celery.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert sorted(done.stdout.split()) == sorted(TASKS.values())
    assert set(QUEUE_OF) == set(TASKS) and set(QUEUE_OF.values()) == set(QUEUES)


def test_settings_without_which_work_is_lost_or_code_runs() -> None:
    config = celery_config(QueueSettings())
    assert config["result_backend"] is None
    assert config["accept_content"] == ["json"] and config["task_serializer"] == "json"
    assert config["task_acks_late"] and config["worker_prefetch_multiplier"] == 1
    assert config["worker_pool_start_method"] == "spawn"
    longest = config["task_time_limit"] + config["worker_proc_alive_timeout"]
    assert config["broker_transport_options"]["visibility_timeout"] > longest
    assert "socket_timeout" not in config["broker_transport_options"], "a Unix socket waits"
    tcp = celery_config(QueueSettings(redis_url="redis://h/0"))  # type: ignore[arg-type]
    assert tcp["broker_transport_options"]["socket_timeout"] == 60


def test_queues_are_served_from_the_end_of_the_pipeline() -> None:
    assert served_queues("analyze, control,render") == ("control", "render", "analyze")
    with pytest.raises(UsageError, match="unknown queue 'analyse'"):
        served_queues("analyse")


def test_a_worker_with_a_variable_that_cannot_be_says_so_and_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "workers"],
        env={**os.environ, "FER_BATCH_PRECISION": "float8"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "fer-batch: FER_BATCH_PRECISION: 'float8' is unknown; choose from float32, float16"
    ]


def test_children_work_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("PRECISION", "float16"), ("FRAME_BATCH", "4"), ("DECODE", "cpu")):
        monkeypatch.setenv(f"FER_BATCH_{name}", text)
    monkeypatch.delenv("FER_BATCH_DEVICE", raising=False)
    monkeypatch.delenv("FER_BATCH_THREADS", raising=False)
    found = run_settings()
    assert found == RunSettings(precision="float16", frame_batch=4, decode="cpu", frames_mb=0)
