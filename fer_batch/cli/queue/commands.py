"""The names of the queue's commands."""

from __future__ import annotations

import typer

from fer_batch.cli.groups import QUEUE


def register(app: typer.Typer) -> None:
    """Add the commands of the queue to ``app``."""
    from fer_batch.cli.queue import admin as queue_admin
    from fer_batch.cli.queue import results as queue_results
    from fer_batch.cli.queue import stack as queue_stack
    from fer_batch.cli.queue import submit as queue_submit
    from fer_batch.cli.queue import watch as queue_watch

    app.command("submit", rich_help_panel=QUEUE)(queue_submit.submit)
    app.command("status", rich_help_panel=QUEUE)(queue_watch.status)
    app.command("wait", rich_help_panel=QUEUE)(queue_watch.wait)
    app.command("download", rich_help_panel=QUEUE)(queue_results.download)
    app.command("logs", rich_help_panel=QUEUE)(queue_results.logs)
    app.command("jobs", rich_help_panel=QUEUE)(queue_admin.jobs)
    app.command("cancel", rich_help_panel=QUEUE)(queue_admin.cancel)
    app.command("retry", rich_help_panel=QUEUE)(queue_admin.retry)
    app.command("rm", rich_help_panel=QUEUE)(queue_admin.rm)
    app.command("worker", rich_help_panel=QUEUE)(queue_stack.worker)
    app.command("up", rich_help_panel=QUEUE)(queue_stack.up)
    app.command("down", rich_help_panel=QUEUE)(queue_stack.down)
