"""What a worker's child process holds: connections and the engine, made when first needed."""

from __future__ import annotations

import logging
import os
import signal
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from billiard import current_process

from fer_batch.config import RunSettings
from fer_batch.gpus import pin
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.queue.broker import Publisher
from fer_batch.jobs.queue.execute import Executor
from fer_batch.jobs.queue.stages import Stages
from fer_batch.jobs.settings import QueueSettings, load_settings
from fer_batch.jobs.store.connect import open_storage
from fer_batch.jobs.store.inputs import InputCache
from fer_batch.option import from_environment

if TYPE_CHECKING:
    from fer_batch.pipeline.build import Engine

logger = logging.getLogger(__name__)
# Set by the parent process, read by its children.
STOP_FILE = "FER_BATCH_STOP_FILE"
WORKER_NAME = "FER_BATCH_WORKER_NAME"
SUPERVISOR = "FER_BATCH_SUPERVISOR"
DEVICE = "FER_BATCH_DEVICE"
THREADS = "FER_BATCH_THREADS"
CHILDREN = "FER_BATCH_CHILDREN"


def stopping() -> bool:
    """True once this worker has been asked to stop."""
    path = os.environ.get(STOP_FILE, "")
    return bool(path) and Path(path).exists()


@lru_cache(maxsize=1)
def executor(timeouts: tuple[type[BaseException], ...] = ()) -> Executor:
    """The executor of this process."""
    from workers.app import app

    settings = load_settings()
    name = os.environ.get(WORKER_NAME, "worker")
    storage = open_storage(settings.storage_url, settings.storage_group)
    folder, share = settings.cache_dir / "workers" / name, settings.cache_bytes
    if (children := int(os.environ.get(CHILDREN, "1"))) > 1:
        # A folder each: none removes what another is at work on.
        folder, share = folder / str(getattr(current_process(), "index", 0)), share // children
    cache = InputCache(storage, folder, share)
    guard_memory(settings)
    return Executor(
        ledger=Ledger(settings),
        storage=storage,
        publish=Publisher(settings, app),
        stages=Stages(storage, cache, engine),
        stopping=stopping,
        worker=name,
        timeouts=timeouts,
    )


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The engine of this process."""
    from fer_batch.pipeline.build import Engine

    settings = run_settings()
    if settings.uses_gpu:
        pinned = pin(int(getattr(current_process(), "index", 0)))
        logger.info("this child works on GPU %s", pinned or "as Keras finds it")
    return Engine(settings)


def run_settings() -> RunSettings:
    """How this worker's children work, as its environment says.

    Raises:
        UsageError: a variable with a value that cannot be.
    """
    # A unit may be drawn by another worker than it was analysed by.
    return RunSettings(**from_environment(RunSettings, os.environ), frames_mb=0)


def guard_memory(settings: QueueSettings) -> None:
    """End this process when one input takes more memory than a worker may have.

    The attempt has been counted before, so that the third such end fails the input; the machine
    and the other workers live on.
    """
    limit = settings.worker_memory_mb * 1024 * 1024
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return
    page = os.sysconf("SC_PAGE_SIZE")

    def watch() -> None:
        waiting = threading.Event()
        while not waiting.wait(0.5):
            if int(statm.read_text().split()[1]) * page > limit:
                logger.error("this unit takes more than %d MB; ended", settings.worker_memory_mb)
                os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="memory", daemon=True).start()
