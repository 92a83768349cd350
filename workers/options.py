"""What ``python -m workers`` may be told."""

from __future__ import annotations

import argparse
import re

from fer_batch.jobs.ledger.spec import QUEUES

# What a worker may be called: its name is a folder's name, too, and part of keys in Redis.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


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
