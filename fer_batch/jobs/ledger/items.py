"""Reading the items of a job: those that have ended lie together, others each by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fer_batch import door
from fer_batch.jobs.ledger.names import PREFIX

AT_A_TIME = 500
MOST_TEXT = 1 << 20


def read_items(client: Any, job: str, count: int) -> list[dict[str, str]]:
    """All fields of each item of ``job``, which has ``count``; an empty dict where Redis has none.

    Raises:
        Refused: Redis holds something else there.
    """
    items: list[dict[str, str]] = []
    for start in range(0, count, AT_A_TIME):
        indices = range(start, min(start + AT_A_TIME, count))
        found = _ended(client, job, indices)
        missing = [index for index in indices if index not in found]
        found |= _open(client, job, missing)
        # What had not ended a moment ago may have ended in between.
        found |= _ended(client, job, [index for index in missing if not found[index]])
        items += [found[index] for index in indices]
    return items


def _ended(client: Any, job: str, indices: Iterable[int]) -> dict[int, dict[str, str]]:
    """Those of ``indices`` that have ended."""
    wanted = list(indices)
    kept = client.hmget(f"{PREFIX}ended:{job}", wanted) if wanted else []
    return {i: _fields(text) for i, text in zip(wanted, kept, strict=True) if text is not None}


def _open(client: Any, job: str, indices: Iterable[int]) -> dict[int, dict[str, str]]:
    wanted = list(indices)
    pipe = client.pipeline(transaction=False)
    for index in wanted:
        pipe.hgetall(f"{PREFIX}item:{job}:{index}")
    return dict(zip(wanted, pipe.execute(), strict=True))


def _fields(text: str) -> dict[str, str]:
    found = door.record(door.parse_json(text), "item")
    return {name: door.text(value, name, MOST_TEXT) for name, value in found.items()}
