"""What a header makes of Pillow is our line alone."""

from __future__ import annotations

import struct
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fer_batch.config import Limits
from fer_batch.errors import InputError
from fer_batch.media.image_header import read_header
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
