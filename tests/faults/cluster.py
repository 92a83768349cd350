"""A small cluster under test: Redis, storage, workers, a client, and what must hold at the end."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av

from fer_batch.config import AnalyzeSettings, RenderSettings, RunSettings
from fer_batch.jobs.item.local import run_items
from fer_batch.jobs.item.outcome import ItemResult
from fer_batch.jobs.item.work import ItemSpec
from fer_batch.jobs.ledger.job_status import JobStatus
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.queue.client import QueueClient
from fer_batch.jobs.queue.submit import Request
from fer_batch.jobs.settings import QueueSettings
from fer_batch.pipeline.build import Engine
from tests.faults.processes import RedisServer, WorkerProcess

SEGMENT_FRAMES = 16
OUTPUTS = ("csv", "video", "summary")
USUAL = AnalyzeSettings()
# As in production, but in seconds where there it is a minute.
QUICK = {
    "FER_BATCH_LEASE_S": "3",
    "FER_BATCH_POLL_S": "0.3",
    "FER_BATCH_SWEEP_S": "0.5",
    "FER_BATCH_BACKOFF_S": "0.2",
    "FER_BATCH_SEGMENT_FRAMES": str(SEGMENT_FRAMES),
    "FER_BATCH_WORKER_MEMORY_MB": "1500",
    "FER_BATCH_STOP_S": "10",
}


class Silence:
    """An observer of local runs that says nothing."""

    def item_started(self, number: int, item: ItemSpec) -> None: ...
    def stage(self, number: int, name: str, frames: int) -> None: ...
    def advance(self, number: int, frames: int) -> None: ...
    def item_ended(self, number: int, result: ItemResult) -> None: ...


def run_here(clips: list[Path], out: Path, analyze: AnalyzeSettings = USUAL, who: str = "") -> Path:
    """The same clips by the local runner: what every fault must end up equal to."""
    engine = Engine(RunSettings(segment_frames=SEGMENT_FRAMES))
    items = [
        ItemSpec(str(clip), clip.stem, analyze, RenderSettings(), OUTPUTS, who=who)
        for clip in clips
    ]
    results = run_items(items, out, engine, "overwrite", Silence())
    assert [result.state for result in results] == ["done"] * len(items), results
    return out


def frame_hashes(video: Path) -> list[str]:
    """A hash of every decoded picture."""
    with av.open(str(video)) as container:
        return [
            hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest()
            for frame in container.decode(video=0)
        ]


class Cluster:
    """Redis, storage and workers of one test."""

    def __init__(self, folder: Path, redis: RedisServer, storage: str = "", **more: str) -> None:
        self.folder = folder
        self.redis = redis
        self.marks = folder / "marks"
        self.marks.mkdir(parents=True)
        self.environment = {
            **QUICK,
            "FER_BATCH_REDIS_URL": redis.url,
            "FER_BATCH_STORAGE": storage or str(folder / "storage"),
            "FER_BATCH_CACHE_DIR": str(folder / "cache"),
            "FER_BATCH_STATE_DIR": str(folder / "state"),
            **more,
        }
        self.workers: list[WorkerProcess] = []
        self._client: QueueClient | None = None

    @property
    def settings(self) -> QueueSettings:
        values = {
            name.removeprefix("FER_BATCH_").lower(): value
            for name, value in self.environment.items()
            if name.startswith("FER_BATCH_")
        }
        return QueueSettings.model_validate(values)

    @property
    def client(self) -> QueueClient:
        if self._client is None:
            self._client = QueueClient(self.settings)
        return self._client

    def worker(
        self,
        *faults: dict[str, Any],
        queues: str = "analyze,render,control",
        supervised: bool = False,
        **more: str,
    ) -> WorkerProcess:
        """Start a worker; each fault is ``fault(...)``."""
        name = f"w{len(self.workers)}"
        started = WorkerProcess(
            name,
            {**self.environment, **more},
            self.folder / f"{name}.log",
            [{**fault, "marks": str(self.marks)} for fault in faults],
            queues,
            supervised,
        )
        self.workers.append(started)
        return started

    def submit(self, *clips: Path, **more: Any) -> str:
        request = Request(paths=clips, outputs=OUTPUTS, use_cache=False, **more)
        return self.client.submit(request).job_id

    def wait(self, job: str, seconds: float = 150.0) -> JobStatus:
        """The job's last status; fails with the workers' logs where it does not end."""
        found = self.client.status(job)
        deadline = time.monotonic() + seconds
        while not found.final:
            if time.monotonic() > deadline:
                logs = "\n".join(worker.text()[-3000:] for worker in self.workers)
                raise AssertionError(f"{found}\n{logs}")
            time.sleep(0.1)
            found = self.client.status(job)
        return found

    def until(self, what: Callable[[], Any], seconds: float = 60.0) -> Any:
        """Wait until ``what`` is true; returns it."""
        deadline = time.monotonic() + seconds
        while not (found := what()):
            if time.monotonic() > deadline:
                logs = "\n".join(worker.text()[-3000:] for worker in self.workers)
                raise AssertionError(f"waited for {what} in vain\n{logs}")
            time.sleep(0.05)
        return found

    def struck(self, count: int = 1) -> bool:
        """True once that many faults have happened."""
        return len(list(self.marks.iterdir())) >= count

    def check(self, job: str, expected: Path) -> None:
        """Equal outputs, a final state, nothing left leased or handed out."""
        status = self.wait(job)
        assert status.state == "done", status
        out = self.folder / "got"
        self.client.download(job, out, frozenset())
        for item in status.items:
            same_outputs(out / item.name, expected / item.name)
        self.check_settled(job)

    def check_settled(self, job: str) -> None:
        client = self.client.ledger.client
        for kind in ("leases", "later"):
            left = client.zrange(PREFIX + kind, 0, -1)
            assert not [m for m in left if m.startswith(job)], (kind, left)
        for key in client.keys(f"{PREFIX}out:*"):
            assert not [m for m in client.zrange(key, 0, -1) if m.startswith(job)], key
        for kind in ("live", "ready", "done", "tries", "retries", "progress"):
            assert not client.keys(f"{PREFIX}{kind}:{job}*"), kind
        # Both at one moment: other jobs may be at work meanwhile.
        with client.pipeline(transaction=True) as both:
            holders, leases = both.hlen(PREFIX + "holders").zcard(PREFIX + "leases").execute()
        assert holders == leases

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
        if self._client is not None:
            self._client.close()


def same_outputs(found: Path, expected: Path) -> None:
    """The CSV byte for byte, the video frame for frame."""
    assert (found / "timeline.csv").read_bytes() == (expected / "timeline.csv").read_bytes()
    assert frame_hashes(found / "annotated.mp4") == frame_hashes(expected / "annotated.mp4")


def fault(point: str, action: str, **more: Any) -> dict[str, Any]:
    """A fault for ``Cluster.worker``; see ``hooks``."""
    return {"point": point, "action": action, **more}
