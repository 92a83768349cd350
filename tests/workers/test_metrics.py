"""What Prometheus gets: counts of children, gauges of a real Redis, and little where it is away."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.settings import QueueSettings

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy" / "grafana" / "fer-batch.json"
CHILD = """
from workers.metrics import count
count("analyze", "done", 1.5, 512)
count("analyze", "later", 0.2, 0)
"""
PARENT = """
import subprocess, sys, urllib.request
from pathlib import Path
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.settings import load_settings
from workers.metrics import serve
for _ in range(2):
    subprocess.run([sys.executable, "-c", sys.argv[1]], check=True)
server = serve(0, Ledger(load_settings()), Path(sys.argv[2]))
address = f"http://127.0.0.1:{server.server_port}/metrics"
print(urllib.request.urlopen(address, timeout=60).read().decode())
server.shutdown()
"""


def scrape(tmp_path: Path, url: str) -> dict[str, float]:
    """What a worker with two children tells."""
    counts, cache = tmp_path / "counts", tmp_path / "cache"
    counts.mkdir()
    cache.mkdir()
    (cache / "input.mp4").write_bytes(b"x" * 1234)
    environment = {
        **os.environ,
        "PROMETHEUS_MULTIPROC_DIR": str(counts),
        "FER_BATCH_REDIS_URL": url,
    }
    done = subprocess.run(
        [sys.executable, "-c", PARENT, CHILD, str(cache)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line and line[0] != "#"]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_counts_and_gauges(tmp_path: Path, redis_url: str) -> None:
    settings = QueueSettings(redis_url=redis_url)  # type: ignore[arg-type]
    client = Ledger(settings).client
    client.flushall()
    client.rpush("fb:q:analyze:3", "a", "b")
    client.sadd("fb:busy:render", "x|0/render/0")
    client.zadd("fb:out:analyze:3", {"x|0/analyze/0": int(client.time()[0]) - 100})
    client.zadd("fb:later", {"x|1/analyze/0": 1.0})
    client.zadd("fb:active", {"x": 1.0, "y": 2.0})
    try:
        found = scrape(tmp_path, redis_url)
    finally:
        client.flushall()
    assert found['fer_batch_units_total{outcome="done",stage="analyze"}'] == 2
    assert found['fer_batch_units_total{outcome="later",stage="analyze"}'] == 2
    assert found['fer_batch_frames_total{stage="analyze"}'] == 1024
    assert found['fer_batch_unit_seconds_count{stage="analyze"}'] == 4
    assert found['fer_batch_queue_length{priority="3",queue="analyze"}'] == 2
    assert found['fer_batch_units_leased{queue="render"}'] == 1
    assert found['fer_batch_oldest_unit_seconds{queue="analyze"}'] >= 99
    assert found['fer_batch_oldest_unit_seconds{queue="control"}'] == 0
    assert found["fer_batch_units_delayed"] == 1 and found["fer_batch_jobs_active"] == 2
    assert found["fer_batch_redis_memory_bytes"] > 0 and found["fer_batch_redis_up"] == 1
    assert found["fer_batch_cache_bytes"] == 1234
    # Every figure that the dashboard draws is one that a worker tells.
    told = {re.split(r"[{ ]", name)[0] for name in found}
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            for name in re.findall(r"fer_batch_\w+", target["expr"]):
                assert name in told, f"{panel['title']}: {name}"


def test_a_redis_that_is_away(tmp_path: Path) -> None:
    found = scrape(tmp_path, "redis://127.0.0.1:1/0")
    assert found["fer_batch_redis_up"] == 0 and found["fer_batch_cache_bytes"] == 1234
    assert found['fer_batch_frames_total{stage="analyze"}'] == 1024
    assert not [name for name in found if name.startswith("fer_batch_queue_length")]


def test_nothing_is_counted_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    code = "import sys; from workers.metrics import count; count('analyze', 'done', 1.0, 1);"
    code += "assert 'prometheus_client' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
