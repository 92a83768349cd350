"""What a header makes of Pillow is our line alone."""

from __future__ import annotations

import os
import struct
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fer_batch.config import Limits
from fer_batch.errors import InputError
from fer_batch.media.image_header import read_bytes, read_header
from tests.footage.images import tiff


def test_strange_tags_are_not_told_as_warnings_of_python(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = tiff(tmp_path / "strange.tiff", 8, 8, 8, bytes(64))
    content = bytearray(path.read_bytes())
    place = content.index(struct.pack("<HHI", 256, 3, 1))
    content[place : place + 12] = struct.pack("<HHII", 256, 3, 257, 8)  # 257 widths
    path.write_bytes(content)
    try:
        read_header(path, Limits())
    except InputError as error:
        assert "\n" not in str(error)
    assert not recwarn.list


def test_what_others_are_warned_of_is_left_as_it_was(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a.tiff", 8, 8, 8, bytes(64))
    before = list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: read_header(path, Limits()), range(200)))
    assert warnings.filters == before


def test_an_image_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiff(tmp_path / "a.tiff", 8, 8, 8, bytes(64))
    opened: list[Path] = []
    real = Path.open

    def counted(self: Path, *how: Any, **more: Any) -> Any:
        opened.append(self)
        return real(self, *how, **more)

    monkeypatch.setattr(Path, "open", counted)
    assert read_header(path, Limits()).width == 8 and opened == [path]
    assert read_bytes(path, Limits())[:2] in (b"II", b"MM") and opened == [path, path]


@pytest.mark.parametrize("read", [read_header, read_bytes])
def test_what_is_no_file_with_content_is_said_to_be_so(
    read: Callable[[Path, Limits], object], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="not found"):
        read(tmp_path / "none.jpg", Limits())
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(InputError, match="is empty"):
        read(tmp_path / "empty.jpg", Limits())
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(InputError, match="not a regular file"):
        read(tmp_path / "folder.jpg", Limits())
    os.mkfifo(tmp_path / "pipe.jpg")  # nobody waits for who writes into it
    with pytest.raises(InputError, match="not a regular file"):
        read(tmp_path / "pipe.jpg", Limits())
