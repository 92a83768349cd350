"""What is installed, as precisely as numbers need."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import pytest

from fer_batch.version import installed_version, library


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Versions are looked up once a process."""
    for cached in (installed_version, library):
        cached.cache_clear()
    yield
    for cached in (installed_version, library):
        cached.cache_clear()


def test_major_and_minor_of_the_first_that_is_there() -> None:
    whole = version("numpy")
    assert whole.startswith(library("numpy")) and library("numpy").count(".") == 1
    assert library("no-such-package-at-all", "numpy") == library("numpy")
    assert library("no-such-package-at-all") == ""


def test_without_being_installed_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed_version() == version("fer-batch")
    installed_version.cache_clear()
    monkeypatch.setattr("sys.path", [])
    assert installed_version() == "unknown"
