"""All that a person may ask of the queue, over one set of connections."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fer_batch.errors import BrokerError, FerBatchError, JobError, StorageError
from fer_batch.jobs.ledger.heartbeat import WorkerInfo, workers
from fer_batch.jobs.ledger.job_status import JobStatus
from fer_batch.jobs.ledger.ledger import Ledger
from fer_batch.jobs.ledger.log import Event, read_log
from fer_batch.jobs.ledger.spec import JOB_ID, check_job_id
from fer_batch.jobs.ledger.status import job_ids, list_jobs, read_status
from fer_batch.jobs.queue import collect, facts, own_storage, restore
from fer_batch.jobs.queue import sweep as sweeping
from fer_batch.jobs.queue.broker import Publisher
from fer_batch.jobs.queue.collect import Collected
from fer_batch.jobs.queue.submit import Request, Submitted, Uploaded, submit
from fer_batch.jobs.queue.sweep import Removed
from fer_batch.jobs.settings import QueueSettings
from fer_batch.jobs.store import download, keys
from fer_batch.jobs.store.connect import open_storage
from fer_batch.plural import plural

logger = logging.getLogger(__name__)
PATIENCE_S = 120.0  # for a Redis that is away while somebody watches
GIVE_UP = 20  # files that cannot be fetched one after the other


class QueueClient:
    """Submit, watch, fetch, stop. Methods raise BrokerError and StorageError, one line each."""

    def __init__(self, settings: QueueSettings) -> None:
        self.settings = settings
        self.ledger = Ledger(settings)
        self.storage = open_storage(settings.storage_url, settings.storage_group)
        self.publish = Publisher(settings)

    def submit(self, request: Request, progress: Uploaded = lambda done, total: None) -> Submitted:
        """Hand a job over."""
        return submit(request, self.ledger, self.storage, self.publish, progress)

    def status(self, job: str) -> JobStatus:
        """A job's state. Looking also sweeps, so that a lost message is not waited for.

        Raises:
            JobError: there is no such job.
        """
        check_job_id(job)
        self._sweep()
        found = read_status(self.ledger, job)
        if found is None and self.storage.exists(keys.manifest(job)):
            window = self.settings.window
            self.publish(facts.rebuild(self.ledger, self.storage, job, window))
            found = read_status(self.ledger, job)
        if found is None:
            raise JobError(f"there is no job {job}; `fer-batch jobs` lists them")
        return found

    def watch(
        self, job: str, every_s: float = 1.0, away: Callable[[str], None] = lambda line: None
    ) -> Iterator[JobStatus]:
        """The job's state again and again until it is final.

        A Redis that does not answer for a while is waited for, as workers do; ``away`` is told why,
        once each time.

        Raises:
            BrokerError: it did not answer at the first look, or not for two minutes.
        """
        found: JobStatus | None = None
        silent_since = None
        while found is None or not found.final:
            if found is not None:
                time.sleep(every_s)
            try:
                found = self.status(job)
            except BrokerError as error:
                if found is None:
                    raise
                if silent_since is None:
                    silent_since = time.monotonic()
                    away(f"{error}; waiting for it")
                if time.monotonic() - silent_since > PATIENCE_S:
                    raise
                continue
            silent_since = None
            yield found

    def resolve(self, text: str) -> str:
        """A whole job id from its first letters.

        Raises:
            JobError: none begins like that, or several do.
        """
        if not text:
            raise JobError("an empty text is not a job id; `fer-batch jobs` lists them")
        if JOB_ID.fullmatch(text):
            return text
        self._make_whole()
        found = [job for job in job_ids(self.ledger) if job.startswith(text)]
        if len(found) > 1:
            raise JobError(f"{len(found)} jobs begin with {text!r}; give more letters of the id")
        if not found:
            raise JobError(f"there is no job {text[:40]!r}; `fer-batch jobs` lists them")
        return found[0]

    def newest(self) -> str:
        """The id of the newest job.

        Raises:
            JobError: there is none.
        """
        self._make_whole()
        found, _ = list_jobs(self.ledger, limit=1)
        if not found:
            raise JobError("there are no jobs yet; `fer-batch submit` makes one")
        return found[0].job_id

    def jobs(self, state: str, limit: int, offset: int) -> tuple[list[JobStatus], int]:
        """Jobs, newest first, and how many there are in all."""
        self._sweep()
        return list_jobs(self.ledger, state, limit, offset)

    def log(self, job: str) -> list[Event]:
        """What happened to a job."""
        self.status(job)
        return read_log(self.ledger, job)

    def workers(self) -> list[WorkerInfo]:
        """Workers seen in the last half minute."""
        return workers(self.ledger)

    def cancel(self, job: str) -> JobStatus:
        """Stop a job; what is finished stays. The mark in storage survives a loss of Redis.

        Raises:
            JobError: no such job, or it has ended.
        """
        found = self.status(job)
        if found.final:
            raise JobError(f"job {job} has ended already: {found.state}")
        own_storage.check_job(self.storage, job)
        self.storage.put_bytes(keys.cancelled(job), b"")
        self.ledger.cancel(job)
        facts.write_final(self.ledger, self.storage, job)
        return self.status(job)

    def retry(self, job: str) -> int:
        """Start the failed and cancelled inputs of a job over; returns how many.

        Raises:
            JobError: no such job, it is still running, or nothing in it has failed.
        """
        found = self.status(job)
        if not found.final:
            raise JobError(f"job {job} is still {found.state}; cancel it first, or wait")
        broken = [i for i, item in enumerate(found.items) if item.state != "done"]
        if not broken and found.state == "done":
            raise JobError(f"job {job}: nothing in it has failed")
        own_storage.check_job(self.storage, job)
        for index in broken:
            self.storage.delete(keys.fact(job, index, "error"))
        self.storage.delete(keys.cancelled(job))
        self.storage.delete(keys.final(job))
        self.storage.delete(keys.related(job))
        count, dispatches = self.ledger.retry(job)
        if count < 0:
            raise JobError(f"job {job} was changed by somebody else; look at its status")
        self.publish(dispatches)
        return count

    def remove(self, job: str) -> Removed:
        """Forget a job and delete its results.

        Raises:
            JobError: no such job, or it is still running.
        """
        found = self.remove_all([job])
        if found.refused:
            raise found.refused[0]
        return found

    def remove_all(
        self, jobs: list[str], told: Callable[[str], None] = lambda job: None
    ) -> Removed:
        """Forget jobs and delete their results; much cheaper than one by one. ``told`` hears of
        each that is gone. Jobs that are not there or still run are left out and say so.

        Raises:
            StorageError: results cannot be deleted; that job and those after it stay.
        """
        self._make_whole()
        removable, refused = [], []
        for job in jobs:
            try:
                self._check_ended(job)
                removable.append(job)
            except JobError as error:
                refused.append(error)
        found = sweeping.remove(self.ledger, self.storage, removable, told)
        found.refused += refused
        return found

    def _check_ended(self, job: str) -> None:
        """Raises JobError: the job is not there or still runs."""
        check_job_id(job)
        found = read_status(self.ledger, job)
        if found is not None and not found.final:
            raise JobError(f"job {job} is still {found.state}; cancel it first")
        if found is None and not self.storage.exists(keys.manifest(job)):
            raise JobError(f"there is no job {job}; `fer-batch jobs` lists them")

    def download(
        self,
        job: str,
        out: Path,
        only: frozenset[str],
        progress: Callable[[int, int], None] = lambda done, total: None,
        overwrite: bool = False,
    ) -> tuple[list[Path], dict[str, str]]:
        """Fetch the outputs of finished items to ``out``; returns the files there now, and by name
        a line for each item that was left out since other results lie in its place.
        ``overwrite``: those are replaced.

        Raises:
            StorageError: some could not be fetched; all others are there.
        """
        check_job_id(job)
        if read_status(self.ledger, job) is not None:
            own_storage.check_job(self.storage, job)
        manifest = facts.read_manifest(self.storage, job)
        wanted, kept = download.plan_download(self.storage, manifest, out, only, overwrite)
        total, done = sum(file.size for file in wanted), 0

        def moved(count: int) -> None:
            nonlocal done
            done += count
            progress(min(done, total), total)

        failed: list[FerBatchError] = []
        in_a_row = 0
        for file in wanted:
            try:
                download.fetch(self.storage, file, moved)
                in_a_row = 0
            except StorageError as error:
                failed.append(error)
                in_a_row += 1
                if in_a_row == GIVE_UP:  # it is not these files, it is the storage
                    raise
        if failed:
            more = f" ({plural(len(failed) - 1, 'more file')} like it)" if len(failed) > 1 else ""
            raise StorageError(f"{failed[0]}{more}; the rest is downloaded")
        return [file.target for file in wanted], kept

    def close(self) -> None:
        self.publish.close()

    def clean(self) -> Collected:
        """Clear away what dead submissions have left in storage."""
        self._make_whole()
        return collect.collect_all(self.ledger, self.storage, self.publish)

    def aside(self) -> dict[str, str]:
        """Jobs of storage that could not be put into the ledger, and why."""
        return self.ledger.aside()

    def _sweep(self) -> None:
        """Hand out again what was lost."""
        self._make_whole()
        try:
            sweeping.sweep(self.ledger, self.storage, self.publish)
        except StorageError as error:  # what Redis knows can be shown all the same
            logger.debug("not swept: %s", error)

    def _make_whole(self) -> None:
        """Rebuild an emptied ledger, or wait for it, so that nobody is shown a part of the jobs for
        all of them."""
        restore.make_whole(self.ledger, self.storage, self.publish)
