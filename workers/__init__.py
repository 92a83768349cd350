"""Celery workers: thin tasks over ``fer_batch.jobs.execute``. Nothing in fer_batch imports this."""
