"""Celery workers: thin tasks over `jobs.queue.execute`. Nothing in fer_batch imports this."""
