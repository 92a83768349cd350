"""``python -m workers``: one Celery worker with the settings of fer-batch."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path

from fer_batch.cores import usable_cores
from fer_batch.errors import FerBatchError
from fer_batch.jobs.ledger.spec import served_queues
from workers.options import parser


def main(arguments: list[str] | None = None) -> int:
    """Run until stopped; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(given)
    if options.supervise:
        from workers.supervise import supervise

        return supervise([word for word in given if word != "--supervise"])
    try:
        return _healthy() if options.healthy else _work(options)
    except FerBatchError as error:
        print(f"fer-batch: {error}", file=sys.stderr)
        return error.exit_status


def _healthy() -> int:
    """0 where a worker of this machine has touched its heartbeat file in the last minute."""
    from fer_batch.jobs.settings import load_settings
    from workers.heartbeat import any_fresh, is_fresh

    settings = load_settings()
    if settings.heartbeat is not None:
        return 0 if is_fresh(settings.heartbeat) else 1
    return 0 if any_fresh(settings.cache_dir / "workers") else 1


def _work(options: argparse.Namespace) -> int:
    queues = ",".join(served_queues(options.queues))
    name = options.name or f"worker-{os.getpid()}"
    from workers.process import CHILDREN, DEVICE, STOP_FILE, THREADS, WORKER_NAME, run_settings

    os.environ[WORKER_NAME] = f"{name}@{os.uname().nodename}"
    if options.device:
        os.environ[DEVICE] = options.device
    os.environ[CHILDREN] = str(options.concurrency)
    if options.concurrency > 1:
        os.environ.setdefault(THREADS, str(max(1, usable_cores() // options.concurrency)))
    run_settings()  # what cannot be is said once, by the parent
    with tempfile.TemporaryDirectory(prefix="fer-batch-worker-") as folder:
        os.environ[STOP_FILE] = str(Path(folder) / "stop")
        _watchable(options, Path(folder))
        from workers.app import app, settings
        from workers.parent import install

        # All that a worker writes is kept by fer-batch itself: storage, cache, temporary files.
        os.umask(0o007 if settings.storage_group else 0o077)
        caretaker = install(settings, app, os.environ[WORKER_NAME], queues)
        if options.metrics_port:
            caretaker.serve_metrics(options.metrics_port)
        logging.getLogger("fer_batch").setLevel(options.loglevel)
        if settings.unverified:
            print(f"fer-batch: {settings.unverified}", file=sys.stderr, flush=True)
        worker = app.Worker(
            hostname=os.environ[WORKER_NAME],
            queues=queues,
            concurrency=options.concurrency,
            loglevel=options.loglevel,
            without_gossip=True,
            without_mingle=True,
        )
        worker.start()
    # Not 0 after an error that Celery cannot survive: whoever supervises starts it again.
    return int(worker.exitcode or 0)


def _watchable(options: argparse.Namespace, folder: Path) -> None:
    """Say to this process and its children, before they load anything, how they are watched."""
    if options.log_format:
        os.environ["FER_BATCH_LOG_FORMAT"] = options.log_format
    if options.metrics_port:
        counts = folder / "metrics"
        counts.mkdir()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counts)
    else:
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)


if __name__ == "__main__":
    sys.exit(main())
