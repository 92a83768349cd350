"""The names of the queue's commands."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of the queue to ``app``."""
    from fer_batch.cli.queue import admin as queue_admin
    from fer_batch.cli.queue import results as queue_results
    from fer_batch.cli.queue import stack as queue_stack
    from fer_batch.cli.queue import submit as queue_submit
    from fer_batch.cli.queue import watch as queue_watch

    app.command("submit")(queue_submit.submit)
    app.command("status")(queue_watch.status)
    app.command("wait")(queue_watch.wait)
    app.command("download")(queue_results.download)
    app.command("logs")(queue_results.logs)
    app.command("jobs")(queue_admin.jobs)
    app.command("cancel")(queue_admin.cancel)
    app.command("retry")(queue_admin.retry)
    app.command("rm")(queue_admin.rm)
    app.command("worker")(queue_stack.worker)
    app.command("up")(queue_stack.up)
    app.command("down")(queue_stack.down)
