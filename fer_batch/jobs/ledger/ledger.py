"""The ledger: what is asked, under way and done, in Redis, changed only by Lua scripts.

Celery's messages may be lost or doubled; the ledger decides. Each script is atomic, may be called
any number of times, and returns the units that its caller must now publish. A caller that dies
before it does so loses nothing: the sweep hands them out again. The scripts and all keys are
described in ``lua/common.lua``.
"""

from __future__ import annotations

import json
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fer_batch.errors import BrokerError
from fer_batch.jobs.ledger.calls import Calls
from fer_batch.jobs.ledger.connection import broker_errors, damage_of
from fer_batch.jobs.ledger.dispatch import Claim, Completion, Dispatch, dispatches
from fer_batch.jobs.ledger.items import read_items
from fer_batch.jobs.ledger.names import EXPIRY_S, PREFIX, broker_list
from fer_batch.jobs.ledger.reservations import Reservations
from fer_batch.jobs.ledger.spec import PRIORITY_STEPS, QUEUES, Unit

if TYPE_CHECKING:
    from redis import Redis

    from fer_batch.jobs.settings import QueueSettings


class Ledger(Calls):
    """Typed calls of the scripts. Every method may raise BrokerError."""

    def __init__(self, settings: QueueSettings, client: Redis | None = None) -> None:
        super().__init__(settings, client)
        self.reservations = Reservations(settings, self.client)

    def ping(self) -> None:
        with broker_errors(self.where):
            self.client.ping()

    def check_writable(self) -> None:
        """Raises BrokerError where Redis answers but takes nothing: a copy that may only be read,
        no memory or no disk left, a user without the right."""
        with broker_errors(self.where):
            self.client.set(PREFIX + "lock:probe", "1", px=1000)

    def now(self) -> float:
        """Redis' own clock, the only one by which ages are told: seconds since 1970."""
        with broker_errors(self.where):
            seconds, micros = self.client.time()
        return int(seconds) + int(micros) / 1e6

    def emptied(self) -> bool:
        """True until every job is in the ledger: Redis is new, or has lost everything and is not
        yet rebuilt to the end."""
        with broker_errors(self.where):
            return not self.client.exists(PREFIX + "epoch")

    def begin(self) -> None:
        """Say that the ledger is whole, so that its loss can be seen."""
        with broker_errors(self.where):
            pipe = self.client.pipeline()
            pipe.set(PREFIX + "epoch", "1", nx=True)
            pipe.delete(PREFIX + "rebuilt")
            pipe.execute()

    def rebuilt(self) -> set[str]:
        """Jobs that an unfinished rebuilding has put back already."""
        with broker_errors(self.where):
            return set(self.client.smembers(PREFIX + "rebuilt"))

    def note_rebuilt(self, job: str) -> None:
        """The job is back, whatever becomes of the rebuilding."""
        with broker_errors(self.where):
            pipe = self.client.pipeline()
            pipe.sadd(PREFIX + "rebuilt", job)
            pipe.hdel(PREFIX + "aside", job)
            pipe.execute()

    def set_aside(self, job: str, reason: str) -> None:
        """The job cannot be put back; it waits in storage until somebody mends or removes it."""
        with broker_errors(self.where):
            self.client.hset(PREFIX + "aside", job, reason)

    def aside(self) -> dict[str, str]:
        """Jobs that could not be put back, and why."""
        with broker_errors(self.where):
            found: dict[str, str] = self.client.hgetall(PREFIX + "aside")
        return found

    def dump(self, job: str) -> tuple[dict[str, str], list[dict[str, str]]]:
        """All fields of a job and of its items; an empty dict where there is none."""
        with broker_errors(self.where), damage_of(job, self.where):
            fields: dict[str, str] = self.client.hgetall(f"{PREFIX}job:{job}")
            return fields, read_items(self.client, job, int(fields.get("items", 0)))

    def create(
        self, job: str, fields: dict[str, Any], items: list[dict[str, Any]]
    ) -> list[Dispatch]:
        """Enter a job; nothing happens where it is there already."""
        reply = self.call("create", job, json.dumps(fields), json.dumps(items))
        return dispatches(reply or [])

    def claim(self, unit: Unit, owner: str, dead: str = "", engine: str = "") -> Claim:
        """Take the lease of ``unit`` and count the attempt, before any work.

        ``dead``: an owner known to have died, whose lease need not be waited for. ``engine``: what
        would make the numbers of a unit that is analysed; an item that another one has begun is
        left to that ("other"), and handed out again by the next sweep. Where no live worker has
        had that one for long, its analysis begins "anew" with ``engine``.
        """
        s = self.settings
        arguments = (owner, s.lease_s, s.max_attempts, dead, engine, s.engine_wait_s)
        verdict, detail, out = self.call("claim", unit.job, unit.key, *arguments)
        return Claim(verdict, detail, dispatches(out))

    def ends_of_jobs(self, before: float) -> dict[str, tuple[str | None, str | None]]:
        """State and end, as written down, of the jobs that were made before a time."""
        with broker_errors(self.where):
            names = self.client.zrangebyscore(PREFIX + "jobs", "-inf", before)
            pipe = self.client.pipeline(transaction=False)
            for job in names:
                pipe.hmget(f"{PREFIX}job:{job}", "state", "finished")
            return {job: tuple(found) for job, found in zip(names, pipe.execute(), strict=True)}

    def figures(self) -> tuple[dict[str, float], int, int, dict[str, Any]]:
        """For those who watch: when the oldest unit of each queue that waits in the broker was
        handed out (where one waits), how many units are delayed, how many jobs are active, and
        what Redis says of its memory."""
        pairs = [(queue, step) for queue in QUEUES for step in PRIORITY_STEPS]
        with broker_errors(self.where):
            pipe = self.client.pipeline(transaction=False)
            for queue, step in pairs:
                pipe.zrange(f"{PREFIX}out:{queue}:{step}", 0, 0, withscores=True)
            pipe.zcard(PREFIX + "later")
            pipe.zcard(PREFIX + "active")
            pipe.info("memory")
            *firsts, later, active, memory = pipe.execute()
        oldest: dict[str, float] = {}
        for (queue, _), found in zip(pairs, firsts, strict=True):
            for _, score in found:
                oldest[queue] = min(score, oldest.get(queue, score))
        return oldest, int(later), int(active), memory

    def turned_away(self) -> dict[str, str]:
        """Items (``job:index``) that a worker could not go on with, with the engine they need."""
        with broker_errors(self.where):
            found: dict[str, str] = self.client.hgetall(PREFIX + "turned")
        return found

    def renew(self, unit: Unit, owner: str, frames: int) -> str:
        """Prolong the lease and note progress: "ok", "cancelled" or "lost"."""
        return str(self.call("renew", unit.job, unit.key, owner, self.settings.lease_s, frames))

    def complete(self, unit: Unit, **facts: Any) -> Completion:
        """The unit's result is in storage."""
        counted, ended, out = self.call("complete", unit.job, unit.key, json.dumps(facts))
        return Completion(bool(counted), ended, dispatches(out))

    def fail(
        self, unit: Unit, owner: str, code: str, words: str, retries: int = 0
    ) -> tuple[str, list[Dispatch]]:
        """Fail the unit's item, or try the unit again later; "later", "failed" or "gone".

        "lost" where another owner holds the lease by now: nothing is changed.
        ``retries``: how many times this kind of error may be answered by another try.
        """
        s = self.settings
        verdict, out = self.call(
            "fail",
            unit.job,
            unit.key,
            code,
            words,
            retries,
            s.backoff_s,
            random.random(),
            owner,
        )
        return str(verdict), dispatches(out)

    def release(self, unit: Unit, owner: str) -> list[Dispatch]:
        """Give a unit back unfinished, without counting the attempt."""
        return dispatches(self.call("release", unit.job, unit.key, owner))

    def sweep(self) -> list[Dispatch]:
        """Hand out again what has neither a live lease nor a message; note since when engines that
        items wait for are missing."""
        s = self.settings
        lengths = {f"{q}:{p}": n for (q, p), n in self.queue_lengths().items()}
        grace = min(s.lease_s, 30.0)
        gap = max(EXPIRY_S, 3 * s.sweep_s)
        return dispatches(self.call("sweep", grace, s.aging_s, 500, json.dumps(lengths), gap))

    def cancel(self, job: str) -> str:
        """Cancel a job; returns the state it was in, "" where there is none."""
        return str(self.call("cancel", job))

    def retry(self, job: str) -> tuple[int, list[Dispatch]]:
        """Start failed and cancelled items over; -1: no such job, -2: it is still running."""
        count, out = self.call("retry", job)
        return int(count), dispatches(out)

    def remove(self, job: str) -> bool:
        """Forget a job; False where it was not known."""
        return bool(self.call("remove", job))

    def restore(self, job: str, fields: dict[str, Any], items: list[dict[str, Any]]) -> None:
        """Put back a job of a final state, as storage remembers it."""
        self.call("restore", job, json.dumps(fields), json.dumps(items))

    def holder(self, unit: Unit) -> str:
        """The owner of the unit's lease, "" where there is none."""
        with broker_errors(self.where):
            return self.client.hget(PREFIX + "holders", f"{unit.job}|{unit.key}") or ""

    def queue_lengths(self) -> dict[tuple[str, int], int]:
        """Messages waiting in the broker by queue and priority (LLEN sees one list only)."""
        pairs = [(q, p) for q in QUEUES for p in PRIORITY_STEPS]
        with broker_errors(self.where):
            pipe = self.client.pipeline(transaction=False)
            for queue, priority in pairs:
                pipe.llen(broker_list(queue, priority))
            return dict(zip(pairs, pipe.execute(), strict=True))

    def busy(self) -> dict[str, int]:
        """Units with a lease, by queue: what workers are at."""
        with broker_errors(self.where):
            pipe = self.client.pipeline(transaction=False)
            for queue in QUEUES:
                pipe.scard(f"{PREFIX}busy:{queue}")
            return dict(zip(QUEUES, pipe.execute(), strict=True))

    def acquire(self, name: str, seconds: float) -> bool:
        """Take a short lock that ends by itself, such as the right to sweep."""
        with broker_errors(self.where):
            return bool(
                self.client.set(PREFIX + "lock:" + name, "1", nx=True, px=int(seconds * 1000))
            )

    def prolong(self, name: str, seconds: float) -> None:
        """Keep a lock that this process holds."""
        with broker_errors(self.where):
            self.client.set(PREFIX + "lock:" + name, "1", px=int(seconds * 1000))

    def give_back(self, name: str) -> None:
        """End a lock before its time; silent where Redis does not answer, since it ends anyway."""
        with suppress(BrokerError), broker_errors(self.where):
            self.client.delete(PREFIX + "lock:" + name)
