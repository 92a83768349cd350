"""The address of Redis, with a password that is kept apart from it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from fer_batch.errors import UsageError


def read_password(path: Path) -> str:
    """The first line of a secret's file, as Docker and Kubernetes mount them.

    Raises:
        UsageError: it cannot be read, or is empty.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise UsageError(f"FER_BATCH_REDIS_PASSWORD_FILE: {path}: {reason.lower()}") from error
    if not lines or not lines[0]:
        raise UsageError(f"FER_BATCH_REDIS_PASSWORD_FILE: {path}: is empty")
    return lines[0]


def with_password(url: str, password: str) -> str:
    """``url`` with ``password``, whatever characters it has; as it is where it holds one already.

    Raises:
        UsageError: an address of that kind takes none.
    """
    parts = urlsplit(url)
    if not password or parts.password is not None:
        return url
    if parts.scheme not in ("redis", "rediss"):
        raise UsageError("FER_BATCH_REDIS_PASSWORD goes with redis:// and rediss:// only")
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))
