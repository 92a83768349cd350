"""Storage, uploads and the cache of inputs over a plain folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_batch.errors import StorageError, UnreadableError
from fer_batch.jobs.ledger.manifest import JobItem, StoredFile
from fer_batch.jobs.store.connect import open_storage
from fer_batch.jobs.store.folder_storage import FolderStorage
from fer_batch.jobs.store.folders import ItemFolder
from fer_batch.jobs.store.inputs import InputCache, content_hash, stored_file, trim, upload
from fer_batch.jobs.store.storage import Storage, check_key


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return open_storage(str(tmp_path / "store"))


@given(st.text(max_size=30))
def test_a_checked_key_never_climbs(text: str) -> None:
    try:
        key = check_key(text)
    except StorageError:
        return
    assert Path(os.path.normpath(f"/root/{key}")).is_relative_to("/root")


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(StorageError, match="check FER_BATCH_STORAGE") as caught:
        open_storage(str(file)).check_writable()
    assert "\n" not in str(caught.value)


def test_a_storage_nobody_knows() -> None:
    with pytest.raises(StorageError, match="unknown kind of storage"):
        open_storage("nonsense://somewhere")


def item_of(path: Path, storage: Storage) -> JobItem:
    file = stored_file(path, "file")
    upload(storage, path, file)
    return JobItem(str(path), "clip", "file", file.sha256, (file,))


def test_uploaded_once_and_read_in_place(tmp_path: Path, storage: Storage) -> None:
    clip = tmp_path / "clip.MP4"
    clip.write_bytes(b"video")
    item = item_of(clip, storage)
    assert upload(storage, clip, item.files[0]) == 0
    cache = InputCache(storage, tmp_path / "cache", 1000)
    assert cache.path(item, check=True).read_bytes() == b"video"
    assert cache.path(item).suffix == ".mp4"
    clip.unlink()
    assert cache.path(item).read_bytes() == b"video", "the upload outlives the user's file"


def test_an_input_changed_after_submission_is_refused(tmp_path: Path, storage: Storage) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"video")
    item = item_of(clip, storage)
    with clip.open("r+b") as file:
        file.write(b"VIDEO")
    cache = InputCache(storage, tmp_path / "cache", 1000)
    with pytest.raises(UnreadableError, match="changed since it was submitted"):
        cache.path(item, check=True)


@pytest.mark.parametrize("kind", ["image", "folder"])
def test_images_changed_in_place_are_refused_and_their_upload_is_replaced(
    tmp_path: Path, storage: Storage, kind: str
) -> None:
    """Storage holds a link to the user's file; who writes to it must not write to results."""
    (tmp_path / "here").mkdir()
    mine, other = tmp_path / "here" / "1.png", tmp_path / "1.png"
    for path in (mine, other):
        path.write_bytes(b"picture")
    file = stored_file(mine, kind)
    upload(storage, mine, file)
    item = JobItem("in", "in", kind, content_hash(kind, [file]), (file,))
    with mine.open("r+b") as written:
        written.write(b"PICTURE")
    cache = InputCache(storage, tmp_path / "cache", 1000)
    with pytest.raises(UnreadableError, match="changed since it was submitted"):
        cache.path(item)
    upload(storage, other, file)
    found = cache.path(item)
    assert (found / "1.png" if kind == "folder" else found).read_bytes() == b"picture"
    with mine.open("r+b") as written:
        written.write(b"again !")
    assert (found / "1.png" if kind == "folder" else found).read_bytes() == b"picture"


def test_the_same_image_under_two_names(tmp_path: Path, storage: Storage) -> None:
    cache = InputCache(storage, tmp_path / "cache", 1000)
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"picture")
        file = stored_file(tmp_path / name, "image")
        upload(storage, tmp_path / name, file)
        item = JobItem("in", "in", "image", content_hash("image", [file]), (file,))
        assert cache.path(item).name == name
        assert cache.path(item).read_bytes() == b"picture"


def test_a_link_is_followed_when_it_is_uploaded(tmp_path: Path, storage: Storage) -> None:
    (tmp_path / "real.mp4").write_bytes(b"video")
    (tmp_path / "link.mp4").symlink_to("real.mp4")
    item = item_of(tmp_path / "link.mp4", storage)
    (tmp_path / "real.mp4").rename(tmp_path / "moved.mp4")
    assert InputCache(storage, tmp_path / "cache", 1000).path(item).read_bytes() == b"video"


def test_what_is_no_file_is_said_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(UnreadableError, match="not a regular file"):
        stored_file(tmp_path / "pipe.mp4", "file")


def test_what_could_not_be_stored_is_stored_by_the_next_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that finds its result here must not take it for stored."""
    remote = open_storage(f"memory://{tmp_path.name}")
    folder = ItemFolder(remote, tmp_path / "cache", "job", 0, 10**9)
    folder.fetch("analyze")
    (folder.path / "shards").mkdir(exist_ok=True)
    (folder.path / "shards" / "00000.npz").write_bytes(b"shard")

    def refuse(source: Path, key: str) -> None:
        raise StorageError("no answer")

    with monkeypatch.context() as patch, pytest.raises(StorageError):
        patch.setattr(remote, "put_file", refuse)
        folder.push()
    again = ItemFolder(remote, tmp_path / "cache", "job", 0, 10**9)
    again.fetch("analyze")
    again.push()
    assert remote.get_bytes(f"{again.key}/shards/00000.npz") == b"shard"


def test_a_folder_keeps_the_names_of_its_images(tmp_path: Path, storage: Storage) -> None:
    names = ("2.png", "10.png", "a b.png")
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    files = [stored_file(tmp_path / name, "folder") for name in names]
    for name, file in zip(names, files, strict=True):
        upload(storage, tmp_path / name, file)
    item = JobItem("in", "in", "folder", content_hash("folder", files), tuple(files))
    folder = InputCache(storage, tmp_path / "cache", 1000).path(item)
    assert {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.startswith(".")} == {
        name: name.encode() for name in names
    }


@pytest.mark.parametrize("name", ["../x.png", "/x.png", "a/../../x.png", "..", "a\\b.png"])
def test_a_manifest_cannot_lead_out_of_the_cache(
    tmp_path: Path, storage: Storage, name: str
) -> None:
    storage.put_bytes("inputs/x", b"1")
    item = JobItem("in", "in", "folder", "0" * 64, (StoredFile(name, "inputs/x", 1, ""),))
    with pytest.raises(StorageError, match="not the name of a file"):
        InputCache(storage, tmp_path / "cache", 1000).path(item)


def test_the_cache_forgets_what_was_used_longest_ago(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "middle", "old")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_bytes(b"x" * 100)
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    trim(tmp_path, 250)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["middle", "new"]


def test_a_local_work_folder_is_the_storage_itself(tmp_path: Path, storage: Storage) -> None:
    folder = ItemFolder(storage, tmp_path / "cache", "job", 0, 1000)
    folder.fetch("analyze")
    (folder.path / "shards").mkdir(exist_ok=True)
    (folder.path / "shards" / "00000.npz").write_bytes(b"1")
    folder.push()
    assert storage.files("jobs/job/0") == {"shards/00000.npz": 1}


def test_what_was_related_anew_is_fetched_anew_though_it_is_as_large(tmp_path: Path) -> None:
    """Another worker has drawn by an earlier answer; its copy must not serve for the new one."""
    remote = open_storage(f"memory://{tmp_path.name}-related")
    one, other = (ItemFolder(remote, tmp_path / name, "job", 0, 10**9) for name in ("a", "b"))
    for number in ("1", "2"):
        one.fetch("relate")
        (one.path / "related.npz").write_text(f"people {number}")
        (one.path / "related.json").write_text(f"digest {number}")
        one.push()
        other.fetch("render")
        assert (other.path / "related.npz").read_text() == f"people {number}"
        assert (other.path / "related.json").read_text() == f"digest {number}"


def test_a_folder_that_comes_back_while_it_is_asked(tmp_path: Path) -> None:
    """What was looked for while it was away is looked for again."""
    storage, root, away = open_storage(str(tmp_path / "store")), tmp_path / "store", tmp_path / "x"
    storage.put_bytes("a/b", b"content")

    class BackAtTheSecondLook(type(root)):  # type: ignore[misc]
        def is_dir(self, **_: bool) -> bool:
            if away.exists():
                away.rename(root)
            return True

    assert isinstance(storage, FolderStorage)
    for call in (storage.get_bytes, storage.size, storage.exists):
        root.rename(away)
        storage.root = BackAtTheSecondLook(root)
        assert call("a/b"), call


def test_a_root_made_by_another_thread_meanwhile_is_not_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look, which finds none, and what follows from it the root is made and seen."""
    from fer_batch.jobs.store.folder_storage import FolderStorage

    storage = FolderStorage(tmp_path / "new")
    look = Path.is_dir

    def made_after_the_look(path: Path) -> bool:
        found = look(path)
        if path == storage.root and not found:
            monkeypatch.setattr(Path, "is_dir", look)
            storage.put_bytes("a/b", b"1")
        return found

    monkeypatch.setattr(Path, "is_dir", made_after_the_look)
    assert storage.size("c/d") is None
    assert storage.get_bytes("a/b") == b"1"
