"""A soak: workers killed at random, Redis restarted, disks full, bad files among good ones.

    python -m benchmarks.soak --minutes 120 --inputs 2000

Every job must end in a final state, with its bad inputs failed and its good ones done. Once all
jobs are removed, storage holds no file, and Redis, its keys and the workers' memory are back where
they were after one job at the beginning. Storage and the workers' cache lie on a small disk of
their own (``--disk-mb``) where the user may mount one; elsewhere the disk is never full, and the
figures say so. Prints one JSON object. Needs the sources with their tests, whose clips and
processes it uses.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from fer_batch.errors import FerBatchError
from fer_batch.jobs.ledger.names import BROKER_PREFIX

if TYPE_CHECKING:
    from tests.faults.cluster import Cluster
    from tests.faults.processes import RedisServer

PATIENCE_S = 900.0
GOOD_AT_MOST = 9
FULL_S = (4.0, 10.0)
# Copies of inputs beside the results of the jobs that are at work: the small disk holds both.
CACHE_BYTES = 32 << 20
# Retries wait 2, 4, 8 … s, as in production: longer in all than a disk is full.
LIKE_PRODUCTION = {"FER_BATCH_BACKOFF_S": "2"}
# A worker's processes after hours of work against after one job: caches of libraries fill at first.
MEMORY_GROWS_AT_MOST = 1.5


def main() -> int:
    """Run, print figures; 0 where everything that must hold does."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--inputs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--disk-mb", type=int, default=192)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="fer-batch-soak-") as name,
        small_disk(Path(name) / "disk", options.disk_mb) as small,
    ):
        soak = Soak(Path(name), small, options.workers, random.Random(options.seed))
        found = soak.run(options.minutes * 60, options.inputs)
    print(json.dumps(found, indent=2))
    return 0 if found["wrong"] == [] else 1


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """``folder`` with a disk of its own of that size; gives False where none may be mounted."""
    folder.mkdir()
    size = f"size={megabytes}m,mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", size, "fer-batch-soak", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@dataclass
class Soak:
    """One soak in ``folder``; ``small`` says whether its ``disk`` can be filled."""

    folder: Path
    small: bool
    workers: int
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    expected: dict[str, list[str]] = field(default_factory=dict)

    def run(self, seconds: float, inputs: int) -> dict[str, Any]:
        """See the module; ``wrong`` lists what did not hold."""
        from tests.faults.cluster import Cluster
        from tests.faults.processes import RedisServer

        redis = RedisServer(self.folder / "redis").start()
        disk = self.folder / "disk"
        places = {"FER_BATCH_CACHE_DIR": str(disk / "cache")}
        places["FER_BATCH_CACHE_BYTES"] = str(CACHE_BYTES)
        cluster = Cluster(
            self.folder / "cluster", redis, str(disk / "storage"), **places, **LIKE_PRODUCTION
        )
        self.films = Films(self.folder / "films", self.chance)
        try:
            for _ in range(self.workers):
                cluster.worker(supervised=True)
            self.submit(cluster)
            self.end_of_all(cluster, redis)
            before = self.state(cluster, redis)
            self.trouble(cluster, redis, seconds, inputs)
            self.end_of_all(cluster, redis)
            after = self.state(cluster, redis)
            self.compare(before, after)
        finally:
            cluster.close()
            redis.stop()
        return {
            **dict(sorted(self.counts.items())),
            "disk_filled": self.small,
            "before": {**before, "keys": len(before["keys"])},
            "after": {**after, "keys": len(after["keys"])},
            "wrong": self.wrong,
        }

    def trouble(self, cluster: Cluster, redis: RedisServer, seconds: float, inputs: int) -> None:
        """Submit ``inputs`` spread over ``seconds`` while everything is broken now and then."""
        began, first = time.monotonic(), self.counts["inputs"]
        while (made := self.counts["inputs"] - first) < inputs:
            self.submit(cluster)
            self.remove_ended(cluster)
            self.perhaps_kill(cluster)
            self.perhaps_fill_disk(cluster)
            if self.chance.random() < 0.04:
                redis.kill()
                time.sleep(1)
                redis.start()
                self.counts["redis_restarts"] += 1
            due = began + seconds * made / inputs
            time.sleep(max(0.5, due - time.monotonic()))

    def submit(self, cluster: Cluster) -> None:
        """A job of new films; where the disk is full, one that is refused and sent again."""
        films = self.films.some()
        for _ in range(60):
            try:
                job = cluster.submit(*(path for path, _ in films))
            except FerBatchError as refused:
                self.counts["submissions_refused"] += 1
                self.last_refusal = str(refused)
                time.sleep(1)
            else:
                break
        else:
            raise AssertionError(f"nothing could be submitted for a minute: {self.last_refusal}")
        self.expected[job] = [state for _, state in films]
        self.counts["jobs"] += 1
        self.counts["inputs"] += len(films)
        for path, _ in films:
            path.unlink()

    def perhaps_kill(self, cluster: Cluster) -> None:
        """Sometimes kill a child of a worker, sometimes the worker that its supervisor restarts."""
        if self.chance.random() >= 0.3:
            return
        worker = self.chance.choice(cluster.workers)
        victims = worker.children()
        with suppress(psutil.NoSuchProcess):
            if self.chance.random() < 0.25:
                victims = psutil.Process(worker.pid).children()
            if victims:
                self.chance.choice(victims).send_signal(signal.SIGKILL)
                self.counts["kills"] += 1

    def perhaps_fill_disk(self, cluster: Cluster) -> None:
        """Sometimes let storage and cache have no byte left for some seconds."""
        if not self.small or self.chance.random() >= 0.06:
            return
        filler = self.folder / "disk" / "filler"
        until = time.monotonic() + self.chance.uniform(*FULL_S)
        block = bytes(1 << 16)
        with filler.open("wb", buffering=0) as file:
            while time.monotonic() < until:
                try:
                    file.write(block)
                except OSError:
                    time.sleep(0.02)
        filler.unlink()
        self.counts["disk_full"] += 1

    def remove_ended(self, cluster: Cluster) -> None:
        """Compare how jobs ended, and remove them as people do who have their results."""
        ended = []
        for job, wanted in self.expected.items():
            status = cluster.client.status(job)
            if not status.final:
                continue
            if [item.state for item in status.items] != wanted:
                self.wrong.append(f"{job}: wanted {wanted}, ended as {status.items}")
            self.counts["inputs_done"] += sum(item.state == "done" for item in status.items)
            self.counts["inputs_failed"] += sum(item.state == "failed" for item in status.items)
            cluster.check_settled(job)
            ended.append(job)
        cluster.client.remove_all(ended)
        for job in ended:
            del self.expected[job]

    def end_of_all(self, cluster: Cluster, redis: RedisServer) -> None:
        """Wait for every job, remove all, and wait until what sweeps is through.

        A message that a killed worker held comes back when its time is up, and only then goes.
        """
        for job in list(self.expected):
            cluster.wait(job, PATIENCE_S)
        self.remove_ended(cluster)
        client, begun = redis.client(), time.monotonic()
        longest = cluster.settings.visibility_timeout_s + 60
        while client.exists(f"{BROKER_PREFIX}unacked") and time.monotonic() - begun < longest:
            time.sleep(5)
        self.counts["waited_for_messages_s"] = round(time.monotonic() - begun)
        time.sleep(30)

    def state(self, cluster: Cluster, redis: RedisServer) -> dict[str, Any]:
        """What a soak must give back: keys and bytes of Redis, files of storage, memory in MB."""
        client = redis.client()
        client.memory_purge()
        storage, cache = Path(cluster.settings.storage_url), cluster.settings.cache_dir
        return {
            "keys": sorted(client.keys("*")),
            "redis_mb": round(client.info("memory")["used_memory"] / 1e6, 2),
            "storage": sorted(p.name for p in storage.rglob("*") if p.is_file()),
            "cache_files": sum(p.is_file() for p in cache.rglob("*")),
            "cache_folders": sum(
                p.is_dir() for p in (self.folder / "disk/cache/workers").iterdir()
            ),
            "workers_mb": round(sum(map(resident, cluster.workers)) / 1e6),
            "processes": sum(len(processes(worker)) for worker in cluster.workers),
        }

    def compare(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Note what has not returned to where it began."""
        if after["storage"]:
            self.wrong.append(f"storage keeps {after['storage'][:9]}")
        more = len(after["keys"]) - len(before["keys"])
        if more > 0:
            new = sorted(set(after["keys"]) - set(before["keys"]))
            self.wrong.append(f"Redis has {more} keys more: {new[:20]}")
        for name in ("redis_mb", "workers_mb"):
            if after[name] > MEMORY_GROWS_AT_MOST * before[name]:
                self.wrong.append(f"{name} grew from {before[name]} to {after[name]}")
        if after["cache_folders"] > before["cache_folders"] + self.workers:
            self.wrong.append(f"{after['cache_folders']} cache folders are left")


class Films:
    """Small films, good and bad, no two with the same bytes."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        from tests.footage import pictures, videos

        folder.mkdir()
        self.folder = folder
        self.chance = chance
        self.made = 0
        made = [
            videos.write(folder / f"good{frames}.mp4", pictures.two_faces(frames), videos.Recipe())
            for frames in (12, 20, 40)
        ]
        self.good = [film.read_bytes() for film in made]

    def some(self) -> list[tuple[Path, str]]:
        """One to ``GOOD_AT_MOST`` good ones and at most two bad ones, with how each must end."""
        good = [("done", self.spaced()) for _ in range(self.chance.randint(1, GOOD_AT_MOST))]
        bad = [("failed", self.spoiled()) for _ in range(self.chance.randint(0, 2))]
        return [(self.write(data), state) for state, data in good + bad]

    def spaced(self) -> bytes:
        """A good film with a box of free space of its own at its end."""
        box = (16).to_bytes(4, "big") + b"free" + self.chance.randbytes(8)
        return self.chance.choice(self.good) + box

    def spoiled(self) -> bytes:
        """A film cut off, one of noise, one with an index of noise."""
        film = self.chance.choice(self.good)
        kind = self.chance.randrange(3)
        if kind == 0:
            return film[: len(film) // 3] + self.chance.randbytes(8)
        if kind == 1:
            return self.chance.randbytes(5000)
        at = film.index(b"stsz")
        return film[:at] + self.chance.randbytes(60) + film[at + 60 :]

    def write(self, data: bytes) -> Path:
        self.made += 1
        path = self.folder / f"film{self.made}.mp4"
        path.write_bytes(data)
        return path


def processes(worker: Any) -> list[psutil.Process]:
    """A worker with its supervisor and its children."""
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(worker.pid)
        return [top, *top.children(recursive=True)]
    return []


def resident(worker: Any) -> int:
    """Bytes of memory that a worker's processes hold."""
    total = 0
    for process in processes(worker):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total


if __name__ == "__main__":
    sys.exit(main())
