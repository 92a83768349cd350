"""Files of weights, known by their hash."""

from __future__ import annotations

from pathlib import Path

from fer_batch.checksum import sha256_file
from fer_batch.errors import ModelFileError


def checked_hash(path: Path, expected: str | None) -> str:
    """SHA-256 (hex) of a weights file; ``expected`` None for one that did not come with us.

    Raises:
        ModelFileError: missing, or another file than expected.
    """
    try:
        found = sha256_file(path)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        remedy = "" if expected is None else "; install fer-batch again"
        raise ModelFileError(f"{path}: {reason}{remedy}") from error
    if expected is not None and found != expected:
        raise ModelFileError(f"{path}: is not the expected file; install fer-batch again")
    return found
