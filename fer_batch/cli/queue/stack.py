"""``fer-batch worker``, ``up`` and ``down``."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Annotated

import typer

from fer_batch.cli.console import echo
from fer_batch.cli.queue.access import bring_up, note
from fer_batch.errors import FerBatchError, UsageError
from fer_batch.gpus import gpus
from fer_batch.own_python import own_python

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def worker(
    queues: Annotated[
        str, typer.Option(help="Queues to serve, of: analyze, render, control.")
    ] = "analyze,render,control",
    concurrency: Annotated[
        int,
        typer.Option(
            min=0, max=64, help="Processes; 0: one, or with --device gpu one for each GPU."
        ),
    ] = 0,
    device: Annotated[
        str, typer.Option(help="auto, cpu or gpu.", envvar="FER_BATCH_DEVICE")
    ] = "auto",
    name: Annotated[str, typer.Option(help="A name for status and logs.")] = "",
    loglevel: Annotated[str, typer.Option(help="INFO, WARNING or DEBUG.")] = "INFO",
    log_format: Annotated[
        str,
        typer.Option(
            help="text, or json: an object a line with job, item and unit.", show_default="text"
        ),
    ] = "",
    metrics_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Answer Prometheus on this port; 0: do not.")
    ] = 0,
) -> None:
    """Run a worker in the foreground.

    Ctrl-C or SIGTERM gives its work back and stops it; the exit status is 0 then.
    """
    try:
        names = _ready(queues, loglevel, log_format, device)
    except FerBatchError as error:
        if (log_format or os.environ.get("FER_BATCH_LOG_FORMAT")) != "json":
            raise
        echo(json.dumps({"level": "error", "message": str(error)}), err=True)
        raise typer.Exit(error.exit_status) from None
    concurrency = concurrency or (max(1, len(gpus())) if device == "gpu" else 1)
    command = own_python("-m", "workers", f"--queues={','.join(names)}")
    command += [
        f"--concurrency={concurrency}",
        f"--device={device}",
        f"--loglevel={loglevel.upper()}",
        f"--metrics-port={metrics_port}",
    ]
    if log_format:
        command.append(f"--log-format={log_format}")
    if name:
        command.append(f"--name={name}")
    sys.stdout.flush()
    # Not lost while the new program starts: it takes them when it can end in order.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    os.execv(sys.executable, command)


def _ready(queues: str, loglevel: str, log_format: str, device: str) -> tuple[str, ...]:
    """See that a worker can be started so; the names of its queues.

    Raises:
        FerBatchError: it cannot.
    """
    from fer_batch.jobs.ledger.spec import served_queues
    from fer_batch.jobs.settings import load_settings

    settings = load_settings()
    names = served_queues(queues)
    _check(loglevel, log_format, device)
    if settings.embedded:
        bring_up(settings, start=True)
    else:
        from fer_batch.jobs.ledger.ledger import Ledger

        Ledger(settings).check_writable()
    return names


def _check(loglevel: str, log_format: str, device: str) -> None:
    """Raises UsageError, NotInstalledError: a worker cannot be started so."""
    if loglevel.upper() not in LOG_LEVELS:
        raise UsageError(
            f"--loglevel: unknown level {loglevel!r}; choose from {', '.join(LOG_LEVELS)}"
        )
    if log_format not in ("", "text", "json"):
        raise UsageError(f"--log-format: {log_format!r}; choose from text, json")
    if device not in ("auto", "cpu", "gpu"):
        raise UsageError(f"--device: unknown device {device!r}; choose from auto, cpu, gpu")
    if device == "gpu":
        from fer_batch.emotion.backend import require_keras

        require_keras("--device gpu")


def up() -> None:
    """Start this machine's own queue in the background.

    A Redis on a Unix socket, and one worker."""
    from fer_batch.jobs.settings import load_settings

    settings = load_settings()
    if not settings.embedded:
        raise UsageError("FER_BATCH_REDIS_URL is set: that queue is used, nothing is started here")
    stack = bring_up(settings, start=True)
    if not stack.started:
        note("already running")
    echo(f"redis {stack.redis} ({stack.server}), worker {stack.worker}: {settings.stack_dir}")


def down() -> None:
    """Stop this machine's own queue. What is queued stays and goes on after `up`."""
    from fer_batch.jobs.settings import load_settings
    from fer_batch.jobs.stack import embedded

    settings = load_settings()
    if not settings.embedded:
        raise UsageError("FER_BATCH_REDIS_URL is set: stop that queue where it runs")
    stopped = embedded.down(settings)
    if not stopped.redis and not stopped.worker:
        echo("nothing was running")
        return
    names = [n for n, pid in (("worker", stopped.worker), ("redis", stopped.redis)) if pid]
    echo(f"stopped {' and '.join(names)}; queued work goes on after `fer-batch up`")
