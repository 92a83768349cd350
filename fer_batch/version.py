"""Which fer-batch this is, and which libraries it runs on."""

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


@lru_cache(maxsize=16)
def library(*packages: str) -> str:
    """``major.minor`` of the first of ``packages`` that is installed; "" where none is.

    As precise as numbers need: a patch release that changes one would be a fault of its own.
    """
    for name in packages:
        try:
            return ".".join(version(name).split(".")[:2])
        except PackageNotFoundError:
            continue
    return ""
