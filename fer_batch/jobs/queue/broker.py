"""Celery as the engine: its settings, and publishing by task name.

``fer_batch`` never imports the workers; messages carry a task's name, a job id and a unit's key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fer_batch.errors import BrokerError
from fer_batch.jobs.ledger.dispatch import Dispatch
from fer_batch.jobs.ledger.names import BROKER_PREFIX, SEPARATOR
from fer_batch.jobs.ledger.spec import PRIORITY_STEPS, TASKS

if TYPE_CHECKING:
    from fer_batch.jobs.settings import QueueSettings

Publish = Callable[[Iterable[Dispatch]], None]


def make_app(settings: QueueSettings) -> Any:
    """A Celery app with the settings that docs/queue.md explains one by one.

    No result backend: the ledger holds what is known. JSON only. Acknowledged late, fetched one at
    a time, in processes that are spawned, since TensorFlow does not survive a fork.
    """
    from celery import Celery

    from fer_batch.jobs.queue.loader import InstalledLoader

    own = {"set_as_current": False, "loader": InstalledLoader}
    app = Celery("fer_batch", broker=settings.broker_url, **own)
    app.conf.update(celery_config(settings))
    return app


def celery_config(settings: QueueSettings) -> dict[str, Any]:
    """Celery's settings as a plain dict."""
    visibility = settings.visibility_timeout_s
    transport: dict[str, Any] = {
        "visibility_timeout": visibility,
        "global_keyprefix": BROKER_PREFIX,
        "sep": SEPARATOR,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "queue_order_strategy": "priority",
        "priority_steps": list(PRIORITY_STEPS),
        "health_check_interval": 10,
        # Known to nobody: kombu shares connections of equal options, whatever their TLS.
        "tls": sorted(settings.tls.items()),
    }
    if settings.over_tcp:
        transport |= {"socket_timeout": 60, "socket_connect_timeout": 5, "socket_keepalive": True}
    return {
        # kombu's own default for rediss:// is to verify nothing.
        "broker_use_ssl": settings.tls or None,
        "result_backend": None,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "task_serializer": "json",
        "event_serializer": "json",
        "accept_content": ["json"],
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_failure": True,
        "task_acks_on_timeout": True,  # redelivered for ever otherwise; the ledger counts attempts
        "task_soft_time_limit": settings.task_soft_limit_s,
        "task_time_limit": settings.task_limit_s,
        "visibility_timeout": visibility,
        "task_default_queue": "control",
        "task_default_priority": 3,
        "worker_pool": "prefork",
        "worker_pool_start_method": "spawn",
        "worker_proc_alive_timeout": 180,
        "worker_concurrency": 1,
        "worker_prefetch_multiplier": 1,
        "worker_max_tasks_per_child": 2000,
        "worker_max_memory_per_child": settings.worker_memory_mb * 1024,
        # On QUIT: the children look at the stop file between batches and give their unit back.
        "worker_soft_shutdown_timeout": 5.0,
        "worker_enable_soft_shutdown_on_idle": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": True,
        "worker_enable_remote_control": True,
        "worker_send_task_events": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": transport,
        "task_publish_retry": True,
        "task_publish_retry_policy": {"max_retries": 3, "interval_step": 0.5, "interval_max": 2},
    }


class Publisher:
    """Sends units to their queues. What is lost on the way is found by the ledger's sweep."""

    def __init__(self, settings: QueueSettings, app: Any = None) -> None:
        self.settings = settings
        self._app = app

    @property
    def app(self) -> Any:
        if self._app is None:
            self._app = make_app(self.settings)
        return self._app

    def __call__(self, dispatches: Iterable[Dispatch]) -> None:
        """Publish ``dispatches``.

        Raises:
            BrokerError: Redis does not take them. The ledger knows them as handed out all the same.
        """
        dispatches = list(dispatches)
        if not dispatches:
            return
        try:
            with self.app.producer_pool.acquire(block=True) as producer:
                for unit, queue, priority, frames in dispatches:
                    soft, hard = self.settings.limits(frames)
                    self.app.send_task(
                        TASKS[unit.stage],
                        args=(unit.job, unit.key),
                        queue=queue,
                        priority=priority,
                        producer=producer,
                        ignore_result=True,
                        soft_time_limit=soft,
                        time_limit=hard,
                        argsrepr="()",
                        kwargsrepr="{}",
                    )
        except Exception as error:  # kombu lets redis-py's and its own errors through
            raise BrokerError(
                f"Redis at {self.settings.redacted} takes no messages "
                f"({type(error).__name__}); check that it runs and has memory"
            ) from error

    def close(self) -> None:
        """Close the connections."""
        if self._app is not None:
            self._app.close()
