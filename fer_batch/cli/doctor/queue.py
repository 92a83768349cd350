"""What ``fer-batch doctor`` looks at in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fer_batch.cli.doctor.check import Check
from fer_batch.errors import FerBatchError, StorageError

if TYPE_CHECKING:
    from fer_batch.jobs.ledger.ledger import Ledger
    from fer_batch.jobs.settings import QueueSettings
    from fer_batch.jobs.store.storage import Storage

ON = {"cpu": "the CPU", "gpu": "a GPU"}
CHILD_START_S = 180.0  # Celery's worker_proc_alive_timeout


def queue_checks() -> Iterator[Check]:
    """Broker, its settings, storage, workers. Starts nothing."""
    from fer_batch.jobs.ledger.ledger import Ledger
    from fer_batch.jobs.settings import load_settings
    from fer_batch.jobs.stack import embedded

    try:
        settings = load_settings()
    except FerBatchError as error:
        yield Check("queue", "wrong", str(error))
        return
    yield _visibility(settings)
    storage: Storage | None = None
    if settings.storage or not settings.embedded or not embedded.is_stopped(settings):
        storage, check = _storage(settings)
        yield check
    if settings.embedded:
        try:
            path, source = embedded.server_binary()
            yield Check("redis server", "ok", f"{source} at {path}")
        except FerBatchError as error:
            yield Check("redis server", "wrong", str(error))
        if embedded.is_stopped(settings):
            yield Check("queue", "ok", "not running; `fer-batch submit` starts it")
            return
        if not embedded.find(settings).redis:
            found = "has ended, as after a restart of this machine; its jobs are kept"
            yield Check("queue", "note", found, "`fer-batch status` starts it again")
            return
    if settings.unverified:
        advice = "unset FER_BATCH_REDIS_VERIFY; give your authority with ?ssl_ca_certs=FILE"
        yield Check("broker", "wrong", settings.unverified, advice)
    ledger = Ledger(settings)
    try:
        ledger.ping()
        yield from _broker(ledger)
        try:
            ledger.check_writable()
        except FerBatchError as error:
            yield Check("broker", "wrong", str(error))
        yield from _own_storage(ledger, storage)
        for job, reason in ledger.aside().items():
            yield Check(f"job {job}", "wrong", f"set aside: {reason}", f"fer-batch rm {job}")
        yield from _workers(ledger, settings.storage_place)
        yield from _engines(ledger)
    except FerBatchError as error:
        yield Check("broker", "wrong", str(error))


def _visibility(settings: QueueSettings) -> Check:
    needed = settings.task_limit_s + CHILD_START_S
    found = f"{settings.visibility_timeout_s:g} s, tasks end after {settings.task_limit_s:g} s"
    if settings.visibility_timeout_s <= needed:
        advice = f"set FER_BATCH_VISIBILITY_TIMEOUT_S above {needed:g}"
        return Check("visibility timeout", "wrong", found, advice)
    return Check("visibility timeout", "ok", found)


def _storage(settings: QueueSettings) -> tuple[Storage | None, Check]:
    """The storage, None where it cannot be used, which the check says."""
    from fer_batch.jobs.store.connect import open_storage

    try:
        storage = open_storage(settings.storage_url, settings.storage_group)
        storage.check_writable()
    except FerBatchError as error:
        return None, Check("storage", "wrong", str(error))
    return storage, Check("storage", "ok", f"{storage.where} (written, read, removed)")


def _own_storage(ledger: Ledger, storage: Storage | None) -> Iterator[Check]:
    """Whether storage is that of the queue, not an empty folder where it should be mounted."""
    from fer_batch.jobs.queue import own_storage

    if storage is None:  # that has been said
        return
    try:
        own_storage.check(ledger, storage)
    except StorageError as error:
        yield Check("storage", "wrong", str(error))


def _broker(ledger: Ledger) -> Iterator[Check]:
    info = _info(ledger)
    version = info.get("redis_version", "of unknown version")
    yield Check("broker", "ok", f"Redis {version} at {ledger.where}")
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        advice = "set maxmemory-policy noeviction: Redis must never drop jobs"
        yield Check("eviction", "wrong", str(policy), advice)
    if str(info.get("aof_enabled", "1")) == "0":
        advice = "set appendonly yes; without it a crash of Redis loses seconds to minutes of state"
        yield Check("append-only file", "note", "off", advice)


def _info(ledger: Ledger) -> dict[str, Any]:
    """What the server says of itself; nothing where the user may not ask."""
    import redis

    try:
        found: dict[str, Any] = ledger.client.info()
    except redis.RedisError:
        return {}
    return found


def _engines(ledger: Ledger) -> Iterator[Check]:
    from fer_batch.jobs.ledger.heartbeat import stranded

    for engine in sorted(set(stranded(ledger).values())):
        advice = "start such a worker, or cancel the jobs that wait and submit them again"
        yield Check("engine", "wrong", f"inputs wait for {engine}; no worker has it", advice)


def _workers(ledger: Ledger, storage: str) -> Iterator[Check]:
    from fer_batch.jobs.ledger.heartbeat import workers
    from fer_batch.jobs.ledger.spec import QUEUES
    from fer_batch.version import installed_version

    found = workers(ledger)
    if not found:
        yield Check("workers", "note", "no workers seen", "start one: fer-batch worker")
        return
    served = {queue for worker in found for queue in worker.queues.split(",")}
    for worker in found:
        gpu = f", sees {worker.gpu}" if worker.gpu else ""
        about = f"{worker.queues} on {ON.get(worker.device, 'an unknown device')}{gpu}"
        if worker.version != installed_version():
            advice = "run the same version everywhere"
            yield Check(f"worker {worker.name}", "note", f"version {worker.version}", advice)
        if worker.storage != storage:
            advice = f"must be the same place as {storage} here; set FER_BATCH_STORAGE"
            yield Check(f"worker {worker.name}", "note", f"uses storage {worker.storage}", advice)
        yield Check(f"worker {worker.name}", "ok", about)
    for queue in QUEUES:
        if queue not in served:
            advice = f"fer-batch worker --queues {queue}"
            yield Check("workers", "wrong", f"no worker serves the queue {queue}", advice)
