"""kombu's Redis transport, made to bear what others put into Redis.

A message that is no JSON, or no message, is logged and dropped: the ledger's sweep finds a unit
whose message is lost. kombu itself lets such an error through, which ends the worker.
"""

from __future__ import annotations

import logging
from queue import Empty
from typing import Any

from celery.worker.control import Panel
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis

logger = logging.getLogger(__name__)
DAMAGED = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
# What may be asked of a worker from afar. Stopping, killing, other queues and other limits may not:
# whoever can write to Redis could end every worker with one word.
ALLOWED = frozenset(
    [
        "ping",
        "stats",
        "active",
        "reserved",
        "scheduled",
        "registered",
        "active_queues",
        "clock",
        "hello",
        "heartbeat",
        "enable_events",
        "disable_events",
        "query_task",
    ]
)


class QoS(kombu_redis.QoS):  # type: ignore[misc]
    """Forgets messages that cannot be given back."""

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:
        """See kombu."""
        try:
            super().restore_by_tag(tag, client, leftmost)
        except DAMAGED as error:
            logger.warning("an unacknowledged message is damaged and dropped: %r", error)
            with self.channel.conn_or_acquire(client) as connection:
                connection.hdel(self.unacked_key, tag)
                connection.zrem(self.unacked_index_key, tag)


class Channel(kombu_redis.Channel):  # type: ignore[misc]
    """Drops what is no message."""

    QoS = QoS

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)
        except DAMAGED as error:
            logger.warning("a message is damaged and dropped: %r", error)
            raise Empty from None

    def _get(self, queue: str) -> Any:
        try:
            return super()._get(queue)
        except DAMAGED as error:
            logger.warning("a message is damaged and dropped: %r", error)
            raise Empty from None

    def _receive_one(self, c: Any) -> Any:
        try:
            return super()._receive_one(c)
        except DAMAGED as error:
            logger.warning("a broadcast is damaged and dropped: %r", error)
            raise Empty from None


class Transport(kombu_redis.Transport):  # type: ignore[misc]
    """What workers consume with."""

    Channel = Channel


def install() -> None:
    """Use this transport from here on, and forget commands that nobody should give from afar."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
    for registry in (Panel.data, Panel.meta):
        for name in set(registry) - ALLOWED:
            del registry[name]
