"""Shards come back as they were written, or say that they do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_batch.errors import NoSpaceError, UnreadableError
from fer_batch.pipeline.shard import read_shard, write_shard
from fer_batch.types import Views
from tests.pipeline.stand_ins import same_faces, some_faces


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), frames=st.integers(0, 40), start=st.integers(0, 10**6))
def test_there_and_back(
    seed: int, frames: int, start: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("shard") / "shards" / "00003.npz"
    faces = some_faces(seed, frames, start)
    write_shard(path, faces, {"decode": 0.25})
    back, timings = read_shard(path)
    assert same_faces(faces, back) and timings == {"decode": 0.25}
    for name in ("frame", "box", "appearance", "status"):
        assert getattr(back, name).dtype == getattr(faces, name).dtype
    assert [p.name for p in path.parent.iterdir()] == ["00003.npz"]


@pytest.mark.parametrize("pictures", [(), (b"one",), (b"one", b"", b"three")])
def test_views_come_back_none_of_them_too(pictures: tuple[bytes, ...], tmp_path: Path) -> None:
    count = len(pictures)
    views = Views(np.arange(count), np.linspace(0, 1, count, dtype=np.float32), pictures)
    path = tmp_path / "0.npz"
    write_shard(path, replace(some_faces(1, 30), views=views), {})
    back = read_shard(path)[0].views
    assert back is not None and back.jpeg == pictures
    assert back.row.tolist() == views.row.tolist() and back.worth.tolist() == views.worth.tolist()


def test_what_is_cut_off_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "0.npz"
    with pytest.raises(UnreadableError, match=r"0\.npz"):
        read_shard(path)
    write_shard(path, some_faces(1, 30), {})
    content = path.read_bytes()
    for wrong in (b"", b"P", b"text", content[:-1], content[:-40], content[: len(content) // 2]):
        path.write_bytes(wrong)
        with pytest.raises(UnreadableError, match=r"0\.npz: is damaged.*--overwrite"):
            read_shard(path)


def test_a_damaged_byte_is_noticed_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "0.npz"
    faces = some_faces(1, 3)
    write_shard(path, faces, {})
    content = path.read_bytes()
    noticed = 0
    for place in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        try:
            assert same_faces(read_shard(path)[0], faces), place
        except UnreadableError:
            noticed += 1
    assert noticed > 50


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "0.npz"
    np.savez(path, meta=np.array([{"format": 1}], dtype=object))
    with pytest.raises(UnreadableError):
        read_shard(path)


def test_another_version_is_said_as_such(tmp_path: Path) -> None:
    path = tmp_path / "0.npz"
    np.savez(path, meta=np.array('{"format": 99, "start": 0, "timings": {}}'))
    with pytest.raises(UnreadableError, match="another version"):
        read_shard(path)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arrays: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(NoSpaceError, match=r"0\.npz"):
        write_shard(tmp_path / "0.npz", some_faces(1, 3), {})
    assert list(tmp_path.iterdir()) == []
