"""What ``python -m workers`` may be told."""

from __future__ import annotations

import argparse

from fer_batch.errors import UsageError
from fer_batch.jobs.ledger.spec import QUEUES


def parser() -> argparse.ArgumentParser:
    """The options, and what each is without being given."""
    options = argparse.ArgumentParser(
        prog="python -m workers", description="One Celery worker with the settings of fer-batch."
    )
    options.add_argument("--queues", default=",".join(QUEUES))
    options.add_argument("--concurrency", type=int, default=1)
    options.add_argument("--device", default="")
    options.add_argument("--name", default="")
    options.add_argument("--loglevel", default="INFO")
    options.add_argument("--log-format", choices=("text", "json"), default="")
    options.add_argument("--metrics-port", type=int, default=0)
    options.add_argument("--supervise", action="store_true", help="start it again when it dies")
    options.add_argument(
        "--healthy", action="store_true", help="only say whether a worker of this host lives"
    )
    return options


def served_queues(text: str) -> str:
    """The queues that ``--queues`` names, in the order in which a worker asks them.

    Raises:
        UsageError: one of them is unknown.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in QUEUES]:
        raise UsageError(f"unknown queue {unknown[0]!r}; choose from {', '.join(QUEUES)}")
    # What is nearest to its end comes first: results appear early and little lies about.
    return ",".join(name for name in QUEUES if name in names)
