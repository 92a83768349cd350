"""A bucket is made in the end, however often the store refuses at first."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fer_batch.errors import StorageError
from fer_batch.jobs.store import make_bucket as module
from fer_batch.jobs.store.folder_storage import FolderStorage
from fer_batch.jobs.store.make_bucket import make_bucket


class Refusing(FolderStorage):
    """Refuses as often as it is told to."""

    times = 0

    def make_root(self) -> None:
        if Refusing.times:
            Refusing.times -= 1
            raise StorageError("not yet")
        FolderStorage.make_root(self)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr(module, "open_storage", lambda url: Refusing(Path(url)))


def test_tried_until_it_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Refusing.times = 3
    make_bucket(str(tmp_path / "store"))
    assert (tmp_path / "store").is_dir() and list((tmp_path / "store").iterdir()) == []
    assert capsys.readouterr().err.count("not yet; tried again") == 3
    make_bucket(str(tmp_path / "store"))


def test_given_up_in_the_end(tmp_path: Path) -> None:
    Refusing.times = 1000
    with pytest.raises(StorageError, match="not yet"):
        make_bucket(str(tmp_path / "store"), patience_s=0.5)
