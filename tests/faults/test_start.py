"""Children that start slowly, and models that cannot be loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fer_batch.config import AnalyzeSettings
from fer_batch.emotion.models import models_dir
from tests.faults.cluster import Cluster, fault

pytestmark = pytest.mark.faults


def test_an_import_of_seven_seconds(cluster: Cluster, clip: Path, expected: Path) -> None:
    worker = cluster.worker(fault("ended", "none", stage="probe"), FER_BATCH_TEST_SLOW_IMPORT="7")
    job = cluster.submit(clip)
    cluster.check(job, expected)
    assert worker.text().count("calling self.run()") == 1, "the child was killed while it started"


def test_a_model_that_cannot_be_loaded_fails_its_job_only(
    cluster: Cluster, tmp_path: Path, clip: Path, expected: Path
) -> None:
    for file in models_dir().glob("fer3*"):
        shutil.copy(file, tmp_path)
    card = tmp_path / "fer3.json"
    for name in json.loads(card.read_text())["files"].values():
        (tmp_path / name).write_bytes(b"damaged")
    worker = cluster.worker()
    broken = cluster.submit(clip, analyze=AnalyzeSettings(model=str(card)))
    job = cluster.submit(clip)
    (item,) = cluster.wait(broken).items
    assert item.state == "failed" and "damaged" in (item.error or ""), item
    cluster.check(job, expected)
    cluster.check_settled(broken)
    assert worker.text().count("calling self.run()") == 1, "no process died of it"
