"""A queue within this process: messages lie in a list, units are done by the workers' own code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_batch.config import RunSettings
from fer_batch.jobs.ledger.dispatch import Dispatch
from fer_batch.jobs.ledger.manifest import Manifest
from fer_batch.jobs.ledger.names import PREFIX
from fer_batch.jobs.ledger.spec import Unit
from fer_batch.jobs.queue import facts
from fer_batch.jobs.queue.client import QueueClient
from fer_batch.jobs.queue.execute import Executor
from fer_batch.jobs.queue.stages import Stages
from fer_batch.jobs.queue.submit import Request
from fer_batch.jobs.settings import QueueSettings
from fer_batch.jobs.store.inputs import InputCache
from fer_batch.pipeline.build import Engine

OUTPUTS = ("csv", "video", "summary")


class Here:
    """A client whose messages lie in a list, and an executor for them."""

    def __init__(self, settings: QueueSettings) -> None:
        self.settings = settings.model_copy(update={"segment_frames": 16, "backoff_s": 0.0})
        self.client = QueueClient(self.settings)
        self.messages: list[Dispatch] = []
        self.client.publish = self.messages.extend  # type: ignore[assignment]
        cache = InputCache(self.client.storage, settings.cache_dir, 10**9)
        self._engine = Engine(RunSettings())
        self.executor = Executor(
            self.client.ledger,
            self.client.storage,
            self.messages.extend,
            Stages(self.client.storage, cache, self.engine),
            timeouts=(TimeoutError,),
        )

    def engine(self) -> Engine:
        return self._engine

    def submit(self, *paths: Path, **more: Any) -> str:
        more = {"outputs": OUTPUTS, "use_cache": False, **more}
        return self.client.submit(Request(paths=paths, **more)).job_id

    def manifest(self, job: str) -> Manifest:
        return facts.read_manifest(self.client.storage, job)

    def drain(self, until: Callable[[Unit], bool] = lambda unit: False) -> list[tuple[str, str]]:
        """Do what is there; stops before the unit that ``until`` names."""
        done = []
        while self.messages:
            if until(self.messages[0].unit):
                break
            unit = self.messages.pop(0).unit
            done.append((unit.key, self.executor.run(unit)))
        return done

    def try_again(self) -> None:
        """Hand out at once what is to be tried again later."""
        redis = self.client.ledger.client
        for member in redis.zrange(PREFIX + "later", 0, -1):
            redis.zadd(PREFIX + "later", {member: 1})
        self.messages += self.client.ledger.sweep()
