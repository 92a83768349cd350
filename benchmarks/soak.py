"""A soak: workers killed at random, Redis restarted, bad files among good ones.

    python -m benchmarks.soak --minutes 120 --workers 3

Every job must end in a final state, with its bad inputs failed and its good ones done; memory of
Redis, its keys and the files of storage must return to where they began once all jobs are removed.
Prints one JSON object. Needs the sources with their tests, whose clips and processes it uses.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PATIENCE_S = 600.0


def main() -> int:
    """Run, print figures; 0 where everything that must hold does."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fer-batch-soak-") as name:
        found = soak(Path(name), options.minutes * 60, options.workers, options.seed)
    print(json.dumps(found, indent=2))
    return 0 if found["wrong"] == [] else 1


def soak(folder: Path, seconds: float, workers: int, seed: int) -> dict[str, Any]:
    """See the module; ``wrong`` lists what did not hold."""
    from tests.faults.cluster import Cluster
    from tests.faults.processes import RedisServer
    from tests.footage import pictures, videos

    chance = random.Random(seed)
    good = videos.write(folder / "good.mp4", pictures.two_faces(20), videos.Recipe())
    bad = folder / "bad.mp4"
    bad.write_bytes(good.read_bytes()[: good.stat().st_size // 3])
    redis = RedisServer(folder / "redis").start()
    cluster = Cluster(folder / "cluster", redis)
    counts: dict[str, Any] = {"jobs": 0, "kills": 0, "redis_restarts": 0, "wrong": []}
    jobs: list[str] = []
    try:
        keys_before = redis.client().dbsize()
        running = [cluster.worker(supervised=True) for _ in range(workers)]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            jobs.append(cluster.submit(good, bad))
            time.sleep(chance.uniform(1, 5))
            if chance.random() < 0.3:
                victims = [child for worker in running for child in worker.children()]
                if victims:
                    chance.choice(victims).send_signal(signal.SIGKILL)
                    counts["kills"] += 1
            if chance.random() < 0.05:
                redis.kill()
                time.sleep(1)
                redis.start()
                counts["redis_restarts"] += 1
        for job in jobs:
            states = [item.state for item in cluster.wait(job, PATIENCE_S).items]
            if states != ["done", "failed"]:
                counts["wrong"].append(f"{job} ended as {states}")
        counts["jobs"] = len(jobs)
        cluster.client.remove_all(jobs)
        client, storage = redis.client(), Path(cluster.settings.storage_url)
        left = sorted(p.name for p in storage.rglob("*") if p.is_file())
        for job in jobs:
            if kept := client.keys(f"*{job}*"):
                counts["wrong"].append(f"{job} left {kept}")
        if left:
            counts["wrong"].append(f"storage keeps {left[:9]}")
        counts["redis_keys"] = [keys_before, client.dbsize()]
    finally:
        cluster.close()
        redis.stop()
    return counts


if __name__ == "__main__":
    sys.exit(main())
