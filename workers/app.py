"""The Celery app of the workers, from ``FER_BATCH_*`` settings."""

from __future__ import annotations

from fer_batch.jobs.queue.broker import make_app
from fer_batch.jobs.settings import load_settings
from workers import transport

transport.install()
settings = load_settings()
app = make_app(settings)
app.conf.include = ["workers.tasks"]
app.set_default()
