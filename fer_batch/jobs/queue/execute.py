"""Doing one unit: claim, fetch, step, store, complete. What a task of the workers calls.

The order makes a death at any point harmless: before the claim nothing has happened; during the
step the lease runs out and the unit is queued again; after storing, the next attempt finds the
result and only completes; after completing, a second message finds nothing to do.
"""

from __future__ import annotations

import errno
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from fer_batch.errors import (
    BrokerError,
    Cancelled,
    DamagedError,
    FerBatchError,
    InputError,
    JobError,
    NoSpaceError,
    NotFoundError,
    OutputPathError,
    StorageError,
)
from fer_batch.jobs.item.failure import Failure, Retry, failure_of
from fer_batch.jobs.ledger.heartbeat import note_engine
from fer_batch.jobs.ledger.lease import Lease
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.spec import Unit
from fer_batch.jobs.queue import facts
from fer_batch.jobs.queue.broker import Publish
from fer_batch.jobs.queue.stages import Stages
from fer_batch.jobs.stack.processes import is_dead, this_owner
from fer_batch.jobs.store import keys
from fer_batch.jobs.store.storage import Storage

logger = logging.getLogger(__name__)
_MISSING = (errno.ENOENT, errno.ESTALE, errno.ENOTCONN, errno.EIO)
STEP_BACK_S, STEP_BACK_MOST_S = 0.1, 2.0
PATIENCE_S = 120.0  # how long a finished unit waits for Redis to take the news


@dataclass
class Executor:
    """Does units one at a time in this process.

    ``timeouts``: the exceptions by which the task engine says that a unit took too long.
    """

    ledger: Ledger
    storage: Storage
    publish: Publish
    stages: Stages
    stopping: Callable[[], bool] = lambda: False
    worker: str = ""
    timeouts: tuple[type[BaseException], ...] = ()
    frames: int = 0  # of the last unit, where it was done here
    _claimed_with: str = ""  # the engine that the last unit was claimed with
    _turned_away: int = 0  # units one after the other that are another engine's

    def run(self, unit: Unit) -> str:
        """Do ``unit``; returns what became of it, for the log. Errors of inputs are results.

        Raises:
            BrokerError: Redis stayed away; the sweep will hand the unit out again.
        """
        self.frames = 0
        owner = this_owner()
        engine = self._claimed_with = self._engine(unit)
        claim = _patiently(lambda: self.ledger.claim(unit, owner, engine=engine))
        if claim.verdict == "busy" and is_dead(claim.detail):
            claim = self.ledger.claim(unit, owner, dead=claim.detail, engine=engine)
        self._publish(claim.dispatches)
        if claim.verdict == "other":
            self._step_back()
            return claim.verdict
        if claim.verdict == "anew":
            self._tell_anew(unit, claim.detail, engine)
        self._turned_away = 0
        if claim.verdict == "poison":
            self._remember_poison(unit)
        if claim.verdict != "ok":
            return claim.verdict
        with Lease(self.ledger, unit, owner, self.stopping, self.worker) as lease:
            return self._attempt(unit, lease)

    def _step_back(self) -> None:
        """Offer the unit to others at once, and be none of those who take it: whoever has nothing
        else to do would else turn away all of an input's units, again and again, and each of them
        would wait for the next sweep."""
        with suppress(BrokerError):
            if self.ledger.acquire("turned", STEP_BACK_S):
                self._publish(self.ledger.sweep())
        self._turned_away += 1
        longest = min(STEP_BACK_S * 2 ** (self._turned_away - 1), STEP_BACK_MOST_S)
        until = time.monotonic() + longest
        while (left := until - time.monotonic()) > 0 and not self.stopping():
            time.sleep(min(left, 0.2))

    def _tell_anew(self, unit: Unit, before: str, engine: str) -> None:
        logger.warning(
            "the analysis of input %d of job %s begins anew with %s: for %g s no worker had what "
            "it was begun with (%s)",
            unit.item,
            unit.job,
            engine,
            self.ledger.settings.engine_wait_s,
            before,
        )

    def _engine(self, unit: Unit) -> str:
        """What would make the numbers of a unit here, "" where it makes none.

        Where that cannot be told, the attempt itself says what is wrong.
        """
        if unit.stage != "analyze":
            return ""
        try:
            engine = self.stages.engine_text(facts.read_manifest(self.storage, unit.job))
        except FerBatchError:
            return ""
        with suppress(BrokerError):  # each time: Redis may have lost it
            note_engine(self.ledger, self.worker, engine)
        return engine

    def _attempt(self, unit: Unit, lease: Lease) -> str:
        begin = time.monotonic()
        try:
            done = self.step(unit, lease)
            if not self.stages.kept(unit):  # storage went away, and it was written elsewhere
                raise StorageError(f"{self.storage.where} does not hold what was made of this unit")
        except Cancelled:
            if lease.verdict == "ok":
                self._publish(_patiently(lambda: self.ledger.release(unit, lease.owner)))
                return "released"
            return lease.verdict
        except Exception as error:  # a defect of ours too fails one item; the worker goes on
            # With storage away anything may be missing, and looks damaged or worse.
            error = self._storage_gone(unit, error) or self._not_kept(error) or error
            return self._fail(lease, self._failure(unit, error))
        self.frames = int(done.get("frames", 0)) if unit.stage in ("analyze", "render") else 0
        done |= {"seconds": round(time.monotonic() - begin, 3)}
        completion = _patiently(lambda: self.ledger.complete(unit, **done))
        self._publish(completion.dispatches)
        try:
            if completion.ended == "item":
                self.stages.discard(unit)
            elif completion.ended == "job":
                facts.write_final(self.ledger, self.storage, unit.job)
        except StorageError as error:  # the work itself is done and known
            logger.warning("after %s: %s", unit.key, error)
        return "done" if completion.counted else "done before"

    def step(self, unit: Unit, lease: Lease) -> dict[str, Any]:
        """The work of a unit that is claimed; what the ledger is told of it.

        Raises:
            Cancelled: the lease says so. Whatever the work itself raises comes through.
        """
        try:
            manifest = facts.read_manifest(self.storage, unit.job)
        except JobError as error:
            raise StorageError(
                f"the storage of worker {self.worker or 'here'} ({self.storage.where}) does not "
                "hold this job; FER_BATCH_STORAGE must be the same for all"
            ) from error
        if unit.stage == "index":
            self._remember_failures(unit.job)  # those that storage did not take at the time
            self.stages.index(manifest)
            return {}
        if unit.stage == "relate":
            self.stages.relate(manifest)
            return {}
        if not 0 <= unit.item < len(manifest.items):
            raise JobError(f"job {unit.job} has no input {unit.item}")
        item = manifest.items[unit.item]
        if item.problem is not None:
            raise _problem(*item.problem)
        if unit.stage == "probe":
            return facts.probe_facts(self.stages.probe(manifest, unit))
        if unit.stage == "finish":
            result = self.stages.finish(manifest, unit)
            return {"warnings": json.dumps(result.warnings)}
        if unit.stage == "analyze" and not self._claimed_with:
            self.stages.engine_text(manifest)  # may say what is wrong
            raise StorageError(f"{unit.key}: the job could not be read when this was claimed")
        return self.stages.segment(manifest, unit, lease.report, lease.should_stop)

    def _storage_gone(self, unit: Unit, error: Exception) -> StorageError | None:
        """The error that ``error`` really is where storage is, or for a moment was, not there."""
        try:
            if not self.storage.exists(keys.manifest(unit.job)):
                return StorageError(f"{self.storage.where} does not hold this job now ({error})")
        except StorageError as away:
            return away
        # It may be back by now. All files that a unit reads were there before it was handed out.
        if isinstance(error, (InputError, DamagedError, OSError)) and _names_no_file(error):
            return StorageError(str(error))
        return None

    def _not_kept(self, error: Exception) -> FerBatchError | None:
        """The error that ``error`` really is where something could not be written: a worker writes
        to storage and to its cache alone, and both may be mended. Nobody here has chosen a place
        with ``-o``, nor can go on with ``--resume``."""
        if not isinstance(error, (OutputPathError, NoSpaceError)):
            return None
        at, cause = str(error).partition(": ")[0], error.__cause__
        if not isinstance(cause, OSError):  # storage's own words
            return error if isinstance(error, NoSpaceError) else StorageError(str(error))
        who, reason = self.worker or "this worker", (cause.strerror or str(cause)).lower()
        kind = NoSpaceError if isinstance(error, NoSpaceError) else StorageError
        return kind(f"{who} cannot write {at}: {reason}")

    def _failure(self, unit: Unit, error: Exception) -> Failure:
        """What ``error`` means, with the input's own path in place of this worker's copy."""
        try:
            manifest = facts.read_manifest(self.storage, unit.job)
        except FerBatchError:
            manifest = None
        shown = f"job {unit.job}" if manifest is None else facts.shown_as(manifest, unit)
        failure = failure_of(error, shown, self.timeouts)
        if failure.code == "unexpected":
            logger.error("%s of job %s failed unexpectedly", unit.key, unit.job, exc_info=error)
        if manifest is None:
            return failure
        return replace(failure, line=self.stages.own_words(failure.line, manifest, unit))

    def _fail(self, lease: Lease, failure: Failure) -> str:
        unit, owner, settings = lease.unit, lease.owner, self.ledger.settings
        retries = {
            Retry.NEVER: 0,
            Retry.WHEN_HEALED: settings.max_retries,
            Retry.ELSEWHERE: settings.max_attempts - 1,
        }[failure.retry]
        verdict, dispatches = _patiently(
            lambda: self.ledger.fail(unit, owner, failure.code, failure.line, retries)
        )
        if verdict == "failed":
            self._remember_failure(unit, failure.code, failure.line)
        self._publish(dispatches)
        return verdict

    def _remember_failure(self, unit: Unit, code: str, words: str) -> None:
        try:
            if unit.item >= 0:
                key = keys.fact(unit.job, unit.item, "error")
                self.storage.put_json(key, {"code": code, "words": words})
            elif unit.stage == "relate":
                self._remember_failures(unit.job)
            else:
                facts.write_final(self.ledger, self.storage, unit.job)
        except FerBatchError as error:
            logger.warning("failure of %s not kept in storage: %s", unit.key, error)

    def _remember_failures(self, job: str) -> None:
        """Keep in storage what the ledger knows of failed items. Where those of a job could not be
        related, all that waited have failed with it."""
        for index, found in enumerate(self.ledger.dump(job)[1]):
            key = keys.fact(job, index, "error")
            if found.get("state") == "failed" and not self.storage.exists(key):
                words = {"code": found.get("code", "error"), "words": found.get("error", "")}
                self.storage.put_json(key, words)

    def _remember_poison(self, unit: Unit) -> None:
        fields = self.ledger.dump(unit.job)[1]
        if unit.stage == "relate":
            self._remember_failure(unit, "gave_up", "")
        if 0 <= unit.item < len(fields):
            found = fields[unit.item]
            self._remember_failure(unit, found.get("code", "gave_up"), found.get("error", ""))

    def _publish(self, dispatches: list[Any]) -> None:
        try:
            self.publish(dispatches)
        except BrokerError as error:
            logger.warning("%d units left to the sweep: %s", len(dispatches), error)


def _names_no_file(error: BaseException | None) -> bool:
    """Whether ``error`` comes of a file that was missing, or of a file server that was away."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _MISSING:
            return True
        error = error.__cause__
    return False


def _patiently(call: Callable[[], Any]) -> Any:
    """Repeat ``call`` while Redis does not answer, up to two minutes."""
    for attempt in Retrying(
        retry=retry_if_exception_type(BrokerError),
        wait=wait_random_exponential(multiplier=0.2, max=5),
        stop=stop_after_delay(PATIENCE_S),
        reraise=True,
    ):
        with attempt:
            return call()
    raise AssertionError("unreachable")


def _problem(code: str, words: str) -> FerBatchError:
    error = NotFoundError(words)
    error.code = code
    return error
