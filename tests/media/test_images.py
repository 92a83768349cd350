"""Folders of images keep the contract of every source of frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.errors import LimitError
from fer_batch.media.image_folders import images_in
from fer_batch.media.image_header import read_header
from fer_batch.media.source import open_source, probe
from fer_batch.types import Frame, SourceInfo
from tests.footage import images, oracle, pictures


def read(info: SourceInfo, start: int, stop: int) -> list[Frame]:
    return list(open_source(info, Limits()).frames(start, stop))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures in mixed sizes and kinds; the fourth is empty."""
    path = tmp_path_factory.mktemp("shots")
    images.folder(path, [pictures.numbered(i) for i in range(12)])
    (path / "face 4.bmp").write_bytes(b"")
    return path


def test_any_range_gives_the_same_pictures(folder: Path) -> None:
    info = probe(folder, "shots", 25.0, Limits())
    whole = read(info, 0, 12)
    assert [f.image is None for f in whole] == [i == 3 for i in range(12)]
    for start, stop in ((0, 12), (2, 5), (3, 4), (11, 12), (6, 6)):
        part = read(info, start, stop)
        assert [f.index for f in part] == list(range(start, stop))
        for one, other in zip(part, whole[start:stop], strict=True):
            assert (one.pts, one.width, one.height) == (other.pts, other.width, other.height)
            assert np.array_equal(one.image, other.image)


def test_each_picture_has_its_own_true_size(folder: Path) -> None:
    info = probe(folder, "shots", 25.0, Limits())
    for frame in read(info, 0, 12):
        if frame.image is None:
            continue
        size = read_header(folder / info.files[frame.index], Limits()).upright
        assert (frame.width, frame.height) == size
        assert frame.luma.shape == (size[1] + size[1] % 2, size[0] + size[0] % 2)


@pytest.mark.parametrize("fps", [25.0, 24.0, 29.97, 12.5, 0.2])
def test_times_follow_the_rate_that_is_given(folder: Path, fps: float) -> None:
    info = probe(folder, "shots", fps, Limits())
    assert [info.time_s(i) for i in range(12)] == pytest.approx([i / fps for i in range(12)])


def test_what_is_no_image_is_not_in_the_folder(folder: Path) -> None:
    (folder / "notes.txt").write_text("x")
    (folder / ".hidden.png").write_text("x")
    (folder / "folder.png").mkdir()
    assert [p.stem for p in images_in(folder)] == [f"face {i}" for i in range(1, 13)]


def test_caps_on_pictures(folder: Path) -> None:
    with pytest.raises(LimitError, match="more than 11 images"):
        probe(folder, "shots", 25.0, Limits(frames=11))


def test_moving_pictures_are_said(tmp_path: Path) -> None:
    """A WebP or PNG that moves gives its first picture, and a warning."""
    still, moving = tmp_path / "still.png", tmp_path / "moving.png"
    oracle.ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:duration=1", "-f", "apng", moving)
    oracle.ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48", "-frames:v", "1", still)
    assert probe(still, "still", 25.0, Limits()).warnings == ()
    (warning,) = probe(moving, "moving", 25.0, Limits()).warnings
    assert "only the first is used" in warning
