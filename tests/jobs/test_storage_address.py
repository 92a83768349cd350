"""What FER_BATCH_STORAGE may be; anything else is one line, before a server is asked."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from fer_batch.errors import StorageError, UsageError
from fer_batch.jobs.settings import load_settings
from fer_batch.jobs.store.connect import open_storage
from fer_batch.jobs.store.folder_storage import FolderStorage


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("HERE/a file", "HERE/a file is no folder"),
        ("file://HERE/a file", "HERE/a file is no folder"),
        ("HERE/a file/below/it", "HERE/a file is no folder"),
        ("ftp://host/x", "ftp:// is no storage of a queue"),
        ("http://host/x", "http:// is no storage of a queue"),
        ("memory://x", "memory:// is no storage of a queue"),
        ("s3://", "s3:// names no bucket"),
        ("s3:///prefix", "s3:// names no bucket"),
        ("s3://user:secret@/prefix", "s3:// names no bucket"),
        ("s3:/bucket/prefix", "behind s3: there must be two slashes"),
        ("file:/tmp/x", "behind file: there must be two slashes"),
    ],
)
def test_what_cannot_be_is_one_line(
    address: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").write_text("x")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FER_BATCH_STORAGE", address.replace("HERE", str(tmp_path)))
    with pytest.raises(UsageError) as found:
        load_settings()
    line = str(found.value)
    assert line.startswith("FER_BATCH_STORAGE: " + told.replace("HERE", str(tmp_path))), line
    assert "\n" not in line and "secret" not in line and "s3://bucket/prefix" in line


@pytest.mark.parametrize(
    "address", ["s3://bucket", "s3://b/p/q", "gs://b", "az://b/x", "none/yet", "~/x", "file:///x/y"]
)
def test_what_may_be(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FER_BATCH_STORAGE", address)
    assert load_settings().storage_url


def test_the_library_of_that_store_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name in ("gcsfs", "s3fs"):
            raise ImportError(f"No module named {name!r}", name=name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StorageError, match="pip install gcsfs"):
        open_storage("gs://bucket/x")


def test_an_error_of_the_system_is_named_without_its_number(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(StorageError) as found:
        next(FolderStorage(tmp_path).read_blocks("a/b"))
    assert str(found.value) == f"storage {tmp_path}: Not a directory; check FER_BATCH_STORAGE"
