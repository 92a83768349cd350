"""One input, from its probe to its results: no Redis, no queue."""
