"""Downloads resume, are verified, and stay in their folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.errors import OutputPathError, StorageError
from fer_batch.jobs.store.connect import open_storage
from fer_batch.jobs.store.download import Transfer, fetch, files_of, safe_join
from fer_batch.jobs.store.records import Fact
from fer_batch.jobs.store.storage import Storage
from fer_batch.outputs import OUTPUTS

DATA = bytes(range(256)) * 9000


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    found = open_storage(str(tmp_path / "store"))
    found.put_bytes("k", DATA)
    return found


def wanted(target: Path, data: bytes = DATA) -> Transfer:
    return Transfer("k", target, len(data), hashlib.sha256(data).hexdigest())


def test_fetches_and_then_leaves_alone(tmp_path: Path, storage: Storage) -> None:
    target = tmp_path / "out" / "timeline.csv"
    assert fetch(storage, wanted(target)) is True
    assert target.read_bytes() == DATA
    assert fetch(storage, wanted(target)) is False


def test_goes_on_where_it_was_cut(tmp_path: Path, storage: Storage) -> None:
    partial = tmp_path / ".video.mp4.download"
    partial.write_bytes(DATA[:100_000])
    counted: list[int] = []
    fetch(storage, wanted(tmp_path / "video.mp4"), counted.append)
    assert (tmp_path / "video.mp4").read_bytes() == DATA
    assert counted[0] == 100_000 and sum(counted) == len(DATA)
    assert not partial.exists()


@pytest.mark.parametrize("damage", [b"wrong" * 10, b"x" * (len(DATA) + 5)])
def test_a_wrong_beginning_is_fetched_anew(tmp_path: Path, storage: Storage, damage: bytes) -> None:
    (tmp_path / ".video.mp4.download").write_bytes(damage)
    fetch(storage, wanted(tmp_path / "video.mp4"))
    assert (tmp_path / "video.mp4").read_bytes() == DATA


def test_an_edited_file_is_replaced(tmp_path: Path, storage: Storage) -> None:
    (tmp_path / "video.mp4").write_bytes(b"y" * len(DATA))
    assert fetch(storage, wanted(tmp_path / "video.mp4")) is True
    assert (tmp_path / "video.mp4").read_bytes() == DATA


def test_damage_in_storage_is_told(tmp_path: Path, storage: Storage) -> None:
    storage.put_bytes("k", b"z" * len(DATA))
    with pytest.raises(StorageError, match="does not match its checksum"):
        fetch(storage, wanted(tmp_path / "video.mp4"))
    assert not (tmp_path / "video.mp4").exists()


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "a\\..\\x", "", "a\0"])
def test_names_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputPathError):
        safe_join(tmp_path, name)


def test_links_cannot_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to("/etc")
    with pytest.raises(OutputPathError):
        safe_join(tmp_path / "out", "link/passwd")


@given(st.text(max_size=40))
def test_whatever_the_name_it_stays_inside(text: str) -> None:
    folder = Path("/nowhere/at/all")
    try:
        target = safe_join(folder, text)
    except (OutputPathError, ValueError):
        return
    assert target.resolve().is_relative_to(folder)


def test_only_the_files_of_the_named_outputs_are_taken(tmp_path: Path) -> None:
    names = {
        "timeline.csv": "csv",
        "annotated.mp4": "video",
        "annotated/a.jpg": "images",
        "report.html": "report",
        "report/1.jpg": "report",
        "index.html": "report",
        "summary.csv": "summary",
        "summary.json": "summary",
        "frames.csv": "csv",
        "people.csv": "people",
        "results.xlsx": "xlsx",
    }
    about = {name: Fact(1, "0" * 64) for name in names}
    for output in OUTPUTS:
        found = {one.key for one in files_of(about, "k", tmp_path, "", frozenset({output}))}
        assert found == {f"k/{name}" for name, of in names.items() if of == output}
    assert len(files_of(about, "k", tmp_path, "", frozenset())) == len(names)
