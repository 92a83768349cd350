"""Which fer-batch this is."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version


@lru_cache(maxsize=1)
def installed_version() -> str:
    """The installed version of fer-batch, "unknown" where it runs without being installed.

    Looked up once: results name it, and finding it takes a millisecond.
    """
    try:
        return version("fer-batch")
    except PackageNotFoundError:
        return "unknown"
