"""What Prometheus is told: units and frames of this worker, queues and leases of the whole cluster.

Children count in files that they share with the parent (prometheus-client's way for several
processes); the parent answers. What lies in Redis is read when it is asked for, no more often.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_batch.errors import FerBatchError
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.spec import QUEUES

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram
    from prometheus_client.metrics_core import Metric

logger = logging.getLogger(__name__)
FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # its name in prometheus-client, which reads it when imported
SECONDS = (0.1, 0.3, 1, 3, 10, 30, 100, 300)
CACHE_EVERY_S = 60.0


@lru_cache(maxsize=1)
def counters() -> tuple[Counter, Histogram, Counter]:
    """Units by stage and outcome, their seconds by stage, frames by stage, of this process."""
    from prometheus_client import Counter, Histogram

    return (
        Counter("fer_batch_units", "Units ended, by what became of them", ["stage", "outcome"]),
        Histogram("fer_batch_unit_seconds", "Seconds of a unit", ["stage"], buckets=SECONDS),
        Counter("fer_batch_frames", "Frames gone through", ["stage"]),
    )


def count(stage: str, outcome: str, seconds: float, frames: int) -> None:
    """Count a unit that has ended; nothing where nobody asked for metrics."""
    if not os.environ.get(FOLDER):
        return
    units, duration, gone = counters()
    units.labels(stage, outcome).inc()
    duration.labels(stage).observe(seconds)
    if frames:
        gone.labels(stage).inc(frames)


class ClusterCollector:
    """Gauges out of Redis and of this worker's cache; the same from every worker but the cache."""

    def __init__(self, ledger: Ledger, cache: Path) -> None:
        self.ledger = ledger
        self.cache = cache
        self._cache_bytes = (0.0, 0)
        self._reading = threading.Lock()

    def collect(self) -> Iterable[Metric]:
        """See prometheus-client. Where Redis is away only that is told, and the cache."""
        from prometheus_client.core import GaugeMetricFamily as Gauge

        yield Gauge("fer_batch_cache_bytes", "Copies of inputs and work", self._size())
        try:
            found = list(self._of_redis())
        except FerBatchError as error:
            logger.debug("no metrics of Redis: %s", error)
            found = []
        yield Gauge("fer_batch_redis_up", "1 where Redis answers", float(bool(found)))
        yield from found

    def _of_redis(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily as Gauge

        length = Gauge("fer_batch_queue_length", "Messages that wait", labels=["queue", "priority"])
        for (queue, priority), number in self.ledger.queue_lengths().items():
            length.add_metric([queue, str(priority)], number)
        leased = Gauge("fer_batch_units_leased", "Units in work", labels=["queue"])
        for queue, number in self.ledger.busy().items():
            leased.add_metric([queue], number)
        oldest, more = self._ages()
        age = Gauge("fer_batch_oldest_unit_seconds", "How long one has waited", labels=["queue"])
        for queue, seconds in oldest.items():
            age.add_metric([queue], seconds)
        yield from (length, leased, age)
        for name, (text, value) in more.items():
            yield Gauge(f"fer_batch_{name}", text, value)

    def _ages(self) -> tuple[dict[str, float], dict[str, tuple[str, float]]]:
        now = self.ledger.now()
        since, later, active, memory = self.ledger.figures()
        oldest: dict[str, float] = {q: max(now - since.get(q, now), 0.0) for q in QUEUES}
        return oldest, {
            "units_delayed": ("Units to be tried again later", later),
            "jobs_active": ("Jobs in no final state", active),
            "redis_memory_bytes": ("Memory that Redis uses", memory["used_memory"]),
            "redis_memory_limit_bytes": ("Its maxmemory, 0: none", memory.get("maxmemory", 0)),
        }

    def _size(self) -> int:
        """Bytes in the cache, counted at most once a minute: there may be many files."""
        with self._reading:
            then, size = self._cache_bytes
            if time.monotonic() - then > CACHE_EVERY_S or not then:
                size = _bytes_below(self.cache)
                self._cache_bytes = (time.monotonic(), size)
            return size


def _bytes_below(folder: Path) -> int:
    total = 0
    for path, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(path, name)).st_size  # noqa: PTH118
            except OSError:  # gone meanwhile
                continue
    return total


def serve(port: int, ledger: Ledger, cache: Path) -> Any:
    """Answer on ``port``, all addresses, in a thread; the server, to be shut down.

    Raises:
        OSError: the port cannot be had.
    """
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=os.environ[FOLDER])  # type: ignore[no-untyped-call]
    registry.register(ClusterCollector(ledger, cache))  # type: ignore[arg-type]
    server, _ = start_http_server(port, registry=registry)
    return server
