"""Logs as JSON: one object a line, with the ids of the unit that is being done."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fer_batch.jobs.ledger.spec import Unit, new_job_id
from workers.logs import JsonLines, about

ROOT = Path(__file__).parents[2]
UNIT = Unit.parse(new_job_id(), "3/analyze/7")


def line(logger: logging.Logger, **extra: object) -> dict[str, object]:
    record = logger.makeRecord("fer_batch.x", 30, "", 0, "said %s", ("ü\n",), None, extra=extra)
    said = JsonLines().format(record)
    assert "\n" not in said
    found: dict[str, object] = json.loads(said)
    return found


def test_within_a_unit_and_outside() -> None:
    logger = logging.getLogger("fer_batch.x")
    with about(UNIT):
        said = line(logger, outcome="done", seconds=1.5)
    assert (said["level"], said["message"]) == ("warning", "said ü\n")
    assert (said["job"], said["item"], said["stage"]) == (UNIT.job, 3, "analyze")
    assert (said["unit"], said["outcome"], said["seconds"]) == (UNIT.key, "done", 1.5)
    assert "job" not in line(logger)


def test_a_traceback_stays_on_its_line() -> None:
    logger = logging.getLogger("fer_batch.x")
    try:
        raise ValueError("broken")
    except ValueError:
        record = logger.makeRecord("x", 40, "", 0, "m", (), sys.exc_info())
    assert "ValueError: broken" in json.loads(JsonLines().format(record))["error"]


@pytest.mark.parametrize("wanted", ["json", "text"])
def test_celery_leaves_logs_to_us(wanted: str) -> None:
    """What a worker's process does as it begins."""
    code = (
        "import workers.tasks, logging; from workers.app import app;"
        "app.log.setup(20); logging.getLogger('fer_batch.x').info('hello')"
    )
    environment = {
        **os.environ,
        "FER_BATCH_LOG_FORMAT": wanted,
        "FER_BATCH_REDIS_URL": "redis://127.0.0.1:1/0",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    (last,) = [text for text in done.stderr.splitlines() if "hello" in text]
    assert (last[0] == "{") == (wanted == "json"), last
    if wanted == "json":
        assert json.loads(last)["message"] == "hello"
