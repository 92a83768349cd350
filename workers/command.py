"""What ``python -m workers`` does: one worker, kept running or looked at."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from fer_batch.cores import usable_cores
from fer_batch.errors import FerBatchError, UsageError
from fer_batch.jobs.ledger.spec import served_queues
from fer_batch.own_python import SAFE_PATH
from workers import json_output
from workers.options import NAME, parser
from workers.scratch import scratch


def main(arguments: list[str] | None = None) -> int:
    """Run until stopped; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(given)
    os.environ[SAFE_PATH] = "1"  # for what Celery starts
    if options.log_format:
        os.environ[json_output.LOG_FORMAT] = options.log_format
    with json_output.where_wanted():
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
    if not NAME.fullmatch(options.name or "worker"):
        raise UsageError("--name: letters, digits, dots, - and _, 64 at most")
    from workers.process import CHILDREN, DEVICE, STOP_FILE, THREADS, WORKER_NAME, run_settings

    if options.device:
        os.environ[DEVICE] = options.device
    os.environ[CHILDREN] = str(options.concurrency)
    if options.concurrency > 1:
        os.environ.setdefault(THREADS, str(max(1, usable_cores() // options.concurrency)))
    run_settings()  # what cannot be is said once, by the parent
    with scratch() as folder:
        os.environ[STOP_FILE] = str(folder / "stop")
        _count_units(options, folder)
        from workers import logs, stopping
        from workers.app import app, settings
        from workers.folders import take
        from workers.parent import install

        # All that a worker writes is kept by fer-batch itself: storage, cache, temporary files.
        os.umask(0o007 if settings.storage_group else 0o077)
        logs.begin(options.loglevel)
        wanted = options.name or f"worker-{os.getpid()}"
        name = take(settings.cache_dir / "workers", wanted, os.uname().nodename)
        os.environ[WORKER_NAME] = name
        caretaker = install(settings, app, name, queues)
        if options.metrics_port:
            caretaker.serve_metrics(options.metrics_port)
        logging.getLogger("fer_batch").setLevel(options.loglevel)
        if settings.unverified:
            print(f"fer-batch: {settings.unverified}", file=sys.stderr, flush=True)
        worker = app.Worker(
            hostname=name,
            queues=queues,
            concurrency=options.concurrency,
            loglevel=options.loglevel,
            without_gossip=True,
            without_mingle=True,
            quiet=json_output.wanted(),  # no banner among the lines
        )
        stopping.spare_children(app)
        worker.start()
    # Not 0 after an error that Celery cannot survive: whoever supervises starts it again.
    return caretaker.ending.status(int(worker.exitcode or 0))


def _count_units(options: argparse.Namespace, folder: Path) -> None:
    """Say to this process and its children, before they load anything, whether to count."""
    if options.metrics_port:
        counts = folder / "metrics"
        counts.mkdir()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counts)
    else:
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
