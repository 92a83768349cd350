"""Commands of the queue: their names, and how a command gets at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from fer_batch.cli.console import echo
from fer_batch.errors import JobError

if TYPE_CHECKING:
    from fer_batch.jobs.queue.client import QueueClient
    from fer_batch.jobs.settings import QueueSettings
    from fer_batch.jobs.stack.embedded import Stack

Job = Annotated[
    str, typer.Argument(help="A job's id or its first letters; the newest job where left out.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def note(line: str) -> None:
    """A line for people on stderr, so that stdout stays what scripts read."""
    echo(line, err=True)


def the_job(queue: QueueClient, text: str) -> str:
    """The id of the job that ``text`` names, the newest one's where it is left out.

    Raises:
        JobError: there is none.
    """
    return queue.resolve(text) if text else queue.newest()


@contextmanager
def open_queue(start: bool = False) -> Iterator[QueueClient]:
    """The queue that the environment names, or this machine's own.

    ``start``: bring the embedded stack up if need be; otherwise one that was stopped stays so.

    Raises:
        JobError: the embedded stack is stopped.
        BrokerError: Redis does not answer.
    """
    from fer_batch.jobs.queue.client import QueueClient
    from fer_batch.jobs.settings import load_settings

    settings = load_settings()
    if settings.unverified:
        note(f"fer-batch: {settings.unverified}")
    if settings.embedded:
        bring_up(settings, start)
    client = QueueClient(settings)
    try:
        yield client
    finally:
        client.close()


def bring_up(settings: QueueSettings, start: bool) -> Stack:
    """Start what the embedded stack lacks, and say so in one line."""
    from fer_batch.jobs.stack import embedded

    if not start and embedded.is_stopped(settings):
        raise JobError(
            "no queue runs on this machine; `fer-batch submit` or `fer-batch up` starts one, "
            "FER_BATCH_REDIS_URL names another"
        )
    stack = embedded.ensure_up(settings)
    if stack.started:
        what = {"redis": f"Redis ({stack.server}, Unix socket)", "worker": "one worker"}
        names = " and ".join(what[name] for name in stack.started)
        note(f"started {names} in the background; `fer-batch down` stops them")
    return stack
