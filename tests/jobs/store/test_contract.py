"""The one contract of storage, over every class that keeps it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fer_batch.errors import NoSpaceError, OutputPathError, StorageError
from fer_batch.jobs.store.connect import open_storage
from fer_batch.jobs.store.folder_storage import FolderStorage
from fer_batch.jobs.store.object_store import ObjectStore
from fer_batch.jobs.store.storage import Storage, storage_errors
from fer_batch.jobs.store.stream import open_text


@pytest.fixture(params=["path", "file", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    address = {
        "path": str(tmp_path / "store"),
        "file": f"file://{tmp_path}/store",
        "memory": f"memory://{uuid.uuid4().hex}",
    }[request.param]
    return open_storage(address)


def test_the_address_chooses_the_class(tmp_path: Path) -> None:
    assert isinstance(open_storage(str(tmp_path)), FolderStorage)
    assert isinstance(open_storage(f"file://{tmp_path}"), FolderStorage)
    assert isinstance(open_storage("memory://x"), ObjectStore)


def test_objects_appear_whole_and_vanish(storage: Storage) -> None:
    assert storage.get_bytes("a/b.json") is None and storage.size("a/b.json") is None
    storage.put_json("a/b.json", {"x": [1, "é"]})
    assert storage.get_json("a/b.json") == {"x": [1, "é"]}
    assert storage.exists("a/b.json") and storage.exists("a")
    assert storage.names("a") == ["b.json"] and storage.names("none") == []
    assert storage.files("a") == {"b.json": storage.size("a/b.json")}
    assert storage.files("none") == {}
    storage.delete("a")
    storage.delete("a")
    assert not storage.exists("a/b.json")


def test_what_is_put_again_is_replaced(storage: Storage) -> None:
    storage.put_bytes("a/b", b"long before")
    storage.put_bytes("a/b", b"now")
    assert storage.get_bytes("a/b") == b"now" and storage.size("a/b") == 3


def test_names_and_files_of_a_tree(storage: Storage) -> None:
    for key in ("a/2", "a/1", "a/c/d/e"):
        storage.put_bytes(key, key.encode())
    assert storage.names("a") == ["1", "2", "c"]
    assert storage.files("a") == {"1": 3, "2": 3, "c/d/e": 7}
    storage.delete("a/c")
    assert storage.names("a") == ["1", "2"]


def test_files_go_in_and_come_out(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"content")
    storage.put_file(tmp_path / "in", "a/x")
    storage.get_file("a/x", tmp_path / "deep" / "out")
    assert (tmp_path / "deep" / "out").read_bytes() == b"content"
    with pytest.raises(StorageError, match="is not there"):
        storage.get_file("a/none", tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_copies_stay_when_the_first_goes(storage: Storage) -> None:
    storage.put_bytes("a/b.bin", b"content")
    storage.copy("a/b.bin", "c/d.bin")
    storage.delete("a")
    assert storage.get_bytes("c/d.bin") == b"content"
    with pytest.raises(StorageError):
        storage.copy("a/b.bin", "c/e.bin")
    assert storage.names("c") == ["d.bin"]


def test_blocks_from_the_middle(storage: Storage) -> None:
    data = os.urandom(3_000_000)
    storage.put_bytes("a/big", data)
    assert b"".join(storage.read_blocks("a/big", 1_234_567)) == data[1_234_567:]
    with pytest.raises(StorageError):
        list(storage.read_blocks("a/none"))


def test_damaged_json_is_one_line(storage: Storage) -> None:
    storage.put_bytes("a/x.json", b"{")
    with pytest.raises(StorageError, match=r"x\.json is damaged"):
        storage.get_json("a/x.json")


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../x", "a/../../x", "a\\b", "a\0b"])
def test_keys_stay_inside(storage: Storage, key: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for call in (storage.local_path, storage.get_bytes, storage.files, storage.delete):
        with pytest.raises(StorageError):
            call(key)
    with pytest.raises(StorageError):
        storage.put_bytes(key, b"")
    with pytest.raises(StorageError):
        storage.put_file(tmp_path / "file", key)


def test_a_local_path_leads_to_the_content(storage: Storage) -> None:
    storage.put_bytes("a/b", b"content")
    path = storage.local_path("a/b")
    assert path is None or path.read_bytes() == b"content"
    assert not storage.is_linked("a/b")


def test_it_can_be_checked(storage: Storage) -> None:
    storage.check_writable()


@pytest.mark.parametrize(
    ("error", "writing", "kind", "words"),
    [
        (FileNotFoundError("bucket"), True, StorageError, "make that bucket or folder"),
        (FileNotFoundError("key"), False, StorageError, "a/b is not there"),
        (NoSpaceError("x"), True, NoSpaceError, "no space left"),
        (OutputPathError("x: read-only"), True, StorageError, "cannot be written to"),
        (RuntimeError("403\nmore"), False, StorageError, "403; check FER_BATCH_STORAGE"),
    ],
)
def test_whatever_a_library_raises_is_one_line(
    error: Exception, writing: bool, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught, storage_errors("here", "a/b", writing):
        raise error
    assert "\n" not in str(caught.value)


def test_a_root_is_made_once_and_again(storage: Storage) -> None:
    storage.make_root()
    storage.make_root()
    storage.check_writable()


@pytest.mark.parametrize("size", [0, 1, 3_000_001])
def test_text_is_read_as_it_comes_in(storage: Storage, size: int) -> None:
    lines = "".join(f"{number};é;{'x' * 50}\r\n" for number in range(size // 60 + size % 2))
    storage.put_bytes("a/table.csv", lines.encode())
    with open_text(storage, "a/table.csv") as text:
        assert "".join(text) == lines
    with open_text(storage, "a/table.csv") as text:  # closed before its end
        text.readline()


def test_text_that_is_not_there(storage: Storage) -> None:
    with pytest.raises(StorageError, match=r"none\.csv"), open_text(storage, "none.csv") as text:
        text.read()


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """A client of an S3 server of this machine, which the environment names."""
    pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("AWS_ENDPOINT_URL", endpoint)
            environment.setenv("AWS_ACCESS_KEY_ID", "x")
            environment.setenv("AWS_SECRET_ACCESS_KEY", "x")
            environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
            client = boto3.client("s3", endpoint_url=endpoint)
            client.create_bucket(Bucket="other")
            yield client
    finally:
        server.stop()


def test_a_real_s3_client_reads_what_was_put(s3: Any) -> None:
    """Empty objects too, of which there is no range."""
    storage = open_storage("s3://made-anew/prefix")
    storage.make_root()
    storage.make_root()
    storage.check_writable()
    for key, data in (("empty", b""), ("small", b"x"), ("more", b"y" * 100_000)):
        storage.put_bytes(key, data)
        assert storage.get_bytes(key) == data
    assert storage.get_bytes("none") is None


@dataclass
class Removable:
    """Storage whose root can be taken away and brought back."""

    storage: Storage
    leave: Callable[[], object]
    come_back: Callable[[], object]


@pytest.fixture(params=["folder", "bucket"])
def removable(request: pytest.FixtureRequest, tmp_path: Path) -> Removable:
    if request.param == "folder":
        root, away = tmp_path / "store", tmp_path / "x"
        return Removable(
            open_storage(str(root)), lambda: root.rename(away), lambda: away.rename(root)
        )
    s3, bucket = request.getfixturevalue("s3"), f"b{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=bucket)

    def delete() -> None:
        for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]:
            s3.delete_object(Bucket=bucket, Key=entry["Key"])
        s3.delete_bucket(Bucket=bucket)

    def make() -> None:
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="prefix/a/b", Body=b"content")

    return Removable(open_storage(f"s3://{bucket}/prefix"), delete, make)


def test_storage_that_is_away_is_not_an_empty_one(removable: Removable, tmp_path: Path) -> None:
    """As a disk that is not mounted: nothing is absent, nothing is made in its place."""
    storage = removable.storage
    assert storage.get_bytes("a/b") is None and storage.names("a") == []
    storage.put_bytes("a/b", b"content")
    (tmp_path / "file").write_bytes(b"")
    removable.leave()
    calls: list[Callable[[], object]] = [
        *(partial(getattr(storage, name), "a/b") for name in ("get_bytes", "get_json", "exists")),
        *(partial(getattr(storage, name), "a/b") for name in ("size", "delete")),
        *(partial(getattr(storage, name), "a") for name in ("names", "files")),
        lambda: storage.stored("a", 0.0),
        lambda: list(storage.read_blocks("a/b")),
        lambda: storage.get_file("a/b", tmp_path / "got"),
        lambda: storage.copy("a/b", "a/c"),
        lambda: storage.put_bytes("a/c", b""),
        lambda: storage.put_file(tmp_path / "file", "a/c"),
        storage.check_writable,
    ]
    if storage.local_path("a") is not None:
        calls.append(lambda: storage.make_folder("a/b"))
    for call in calls:
        with pytest.raises(StorageError, match=r"^storage .* is not there") as caught:
            call()
        assert caught.value.retryable
    assert not (tmp_path / "store").exists()
    removable.come_back()
    assert storage.get_bytes("a/b") == b"content" and storage.names("a") == ["b"]
    assert storage.get_bytes("a/c") is None and not storage.exists("c")


def test_a_bucket_that_was_never_there_holds_nothing(s3: Any) -> None:
    storage = open_storage("s3://nobody-made-it/prefix")
    assert storage.get_bytes("a/b") is None and storage.names("a") == []
    assert storage.size("a") is None and not storage.exists("a") and storage.files("a") == {}


def test_objects_that_may_not_be_deleted_are_not_said_to_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    storage = ObjectStore(f"memory://{uuid.uuid4().hex}")
    storage.put_bytes("a/b", b"x")
    monkeypatch.setattr(storage._fs, "rm", lambda path, recursive: None)  # noqa: SLF001
    with pytest.raises(StorageError, match="a is still there after it was deleted"):
        storage.delete("a")


def test_a_silent_store_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("s3fs")
    monkeypatch.delenv("AWS_MAX_ATTEMPTS", raising=False)
    config = ObjectStore("s3://bucket/x")._fs.config_kwargs  # noqa: SLF001
    assert config["read_timeout"] <= 20 and config["connect_timeout"] <= 5
    assert config["retries"]["total_max_attempts"] == 2
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
    assert "retries" not in ObjectStore("s3://bucket/y")._fs.config_kwargs  # noqa: SLF001


def test_addresses_are_told_without_how_the_library_asks() -> None:
    asked = 'Could not connect to the endpoint URL: "http://h:1/b/q?list-type=2&prefix=x"'
    with pytest.raises(StorageError) as found, storage_errors("s3://b/q", "x"):
        raise ValueError(asked)
    assert 'URL: "http://h:1/b/q"; check FER_BATCH_STORAGE and its credentials' in str(found.value)
