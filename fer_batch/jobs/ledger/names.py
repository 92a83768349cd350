"""Names in Redis that Python, the scripts and the broker share."""

from __future__ import annotations

from collections.abc import Iterable

from fer_batch.jobs.ledger.spec import PRIORITY_STEPS, QUEUE_OF, QUEUES

PREFIX = "fb:"
BROKER_PREFIX = "fb:q:"
EXPIRY_S = 30  # a worker that was silent for so long is none
ABLE = "able:"  # before an engine, in the hash of a worker that analyses with it
SEPARATOR = ":"  # between queue and priority in the names of kombu's lists


def broker_list(queue: str, priority: int) -> str:
    """The Redis key of kombu's list for ``queue`` at ``priority``."""
    name = f"{queue}{SEPARATOR}{priority}" if priority else queue
    return BROKER_PREFIX + name


def words() -> str:
    """The names that the scripts share with Python, in Lua."""

    def row(names: Iterable[object]) -> str:
        return "{" + ", ".join(f"'{name}'" for name in names) + "}"

    of = ", ".join(f"{stage} = '{queue}'" for stage, queue in QUEUE_OF.items())
    return (
        f"local P = '{PREFIX}'\nlocal QUEUES = {row(QUEUES)}\n"
        f"local STEPS = {row(PRIORITY_STEPS)}\nlocal QUEUE_OF = {{{of}}}\n"
        f"local WORKER_EXPIRY = {EXPIRY_S}\nlocal ABLE = '{ABLE}'\n"
    )
