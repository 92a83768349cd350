"""Uploads that submissions count on, so that nobody deletes them meanwhile."""

from __future__ import annotations

import json

from fer_batch.jobs.ledger.calls import Calls
from fer_batch.jobs.ledger.connection import broker_errors
from fer_batch.jobs.ledger.names import PREFIX


class Reservations(Calls):
    """Which uploads submissions count on, and which are being deleted. Every method may raise
    BrokerError."""

    def reserve(self, job: str, uploads: list[str], seconds: float, owner: str) -> list[str]:
        """A submission counts on ``uploads``; returns those that are being deleted just now."""
        return list(self.call("reserve", job, seconds, json.dumps(uploads), owner))

    def hold(self, job: str, seconds: float) -> bool:
        """The submission is still at it; False where it was silent for too long meanwhile."""
        return bool(self.call("hold", job, seconds))

    def unreserve(self, job: str) -> None:
        """The submission has ended, one way or the other."""
        with broker_errors(self.where):
            pipe = self.client.pipeline()
            pipe.zrem(PREFIX + "uploading", job)
            pipe.hdel(PREFIX + "uploaders", job)
            pipe.delete(f"{PREFIX}uploads:{job}")
            pipe.execute()

    def submissions(self) -> dict[str, tuple[float, str]]:
        """Submissions that have not ended in order: until when each is taken for alive, by Redis'
        clock, and who it is."""
        with broker_errors(self.where):
            found = self.client.zrange(PREFIX + "uploading", 0, -1, withscores=True)
            owners = self.client.hgetall(PREFIX + "uploaders")
        return {job: (float(ends), owners.get(job, "")) for job, ends in found}

    def reserved(self, job: str) -> set[str]:
        """The uploads that a submission counts on."""
        with broker_errors(self.where):
            return set(self.client.smembers(f"{PREFIX}uploads:{job}"))

    def mark(self, uploads: list[str], seconds: float) -> list[str]:
        """Mark ``uploads`` as being deleted, but those that a submission counts on."""
        return list(self.call("mark", json.dumps(uploads), seconds))

    def unmark(self, uploads: list[str]) -> None:
        """Whoever had marked ``uploads`` is through with them."""
        if uploads:
            with broker_errors(self.where):
                self.client.hdel(PREFIX + "deleting", *uploads)
