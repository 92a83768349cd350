"""docker-compose.yml as a whole, with a real engine: ``python -m tests.compose``."""
