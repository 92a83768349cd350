from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fer_batch.errors import FerBatchError, OutputPathError
from fer_batch.output import gif
from fer_batch.output.gif import MAX_BYTES, write_gif
from fer_batch.output.reel import Small


def coloured(picture: np.ndarray) -> Small:
    """``uint8[h, w, 3]`` RGB as a picture of a GIF."""
    planes = np.zeros((picture.shape[0] * 3 // 2, picture.shape[1]), np.uint8)
    return Small(planes, lambda _: picture)


def clip(
    colour: tuple[int, ...], count: int = 10, size: tuple[int, int] = (90, 160)
) -> list[Small]:
    """Frames of one colour with a bright square that moves."""
    frames = []
    for i in range(count):
        frame = np.full((*size, 3), colour, dtype=np.uint8)
        frame[20:40, 5 * i : 5 * i + 20] = 250
        frames.append(coloured(frame))
    return frames


def read(path: Path) -> tuple[list[np.ndarray], list[int]]:
    with Image.open(path) as picture:
        frames, times = [], []
        for i in range(picture.n_frames):
            picture.seek(i)
            frames.append(np.asarray(picture.convert("RGB")))
            times.append(picture.info["duration"])
        assert picture.info["loop"] == 0
    return frames, times


def test_a_gif_of_two_moments(tmp_path: Path) -> None:
    write_gif([clip((200, 30, 30)), clip((30, 30, 200))], tmp_path / "p.gif")
    frames, times = read(tmp_path / "p.gif")
    assert frames[0].shape == (90, 160, 3)
    assert sum(times) == 2000
    assert len(frames) == 20
    np.testing.assert_allclose(frames[0][60, 80], (200, 30, 30), atol=6)
    np.testing.assert_allclose(frames[-1][60, 80], (30, 30, 200), atol=6)
    assert frames[5][30, 35].min() > 230


def test_one_frame_is_enough(tmp_path: Path) -> None:
    write_gif([[], clip((9, 99, 9), 1)], tmp_path / "p.gif")
    assert len(read(tmp_path / "p.gif")[0]) == 1


def test_no_frame_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no frames"):
        write_gif([[], []], tmp_path / "p.gif")
    assert list(tmp_path.iterdir()) == []


def test_frames_of_several_sizes_share_a_canvas(tmp_path: Path) -> None:
    frames = [*clip((200, 30, 30), 3), *clip((30, 30, 200), 3, (120, 100))]
    write_gif([frames], tmp_path / "p.gif")
    shown, _ = read(tmp_path / "p.gif")
    assert shown[0].shape == (120, 160, 3)
    assert shown[0][5, 80].max() < 8
    assert shown[-1][60, 5].max() < 8


def test_what_is_too_large_is_made_to_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    noise = [coloured(rng.integers(0, 256, (60, 100, 3), dtype=np.uint8)) for _ in range(20)]
    sizes = []
    for limit in (5_000_000, 60_000, 10_000):
        monkeypatch.setattr(gif, "MAX_BYTES", limit)
        write_gif([noise], tmp_path / "p.gif")
        _, times = read(tmp_path / "p.gif")
        assert sum(times) == pytest.approx(2000, abs=200)
        sizes.append((tmp_path / "p.gif").stat().st_size)
    assert sizes[0] > 60_000 >= sizes[1] > sizes[2]


@given(st.integers(0, 10**9), st.integers(2, 480), st.integers(0, len(gif.LADDER) - 1))
def test_steps_lead_down_and_end(size: int, width: int, step: int) -> None:
    following = gif.smaller(step, size, width)
    assert (following is None) == (size <= MAX_BYTES or step == len(gif.LADDER) - 1)
    assert following is None or following > step


def test_a_failing_ffmpeg_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gif, "LADDER", (gif.Quality(dither="nonsense"),))
    with pytest.raises(FerBatchError, match="GIF"):
        write_gif([clip((1, 2, 3))], tmp_path / "p.gif")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    with pytest.raises(OutputPathError):
        write_gif([clip((1, 2, 3))], tmp_path / "f" / "p.gif")


class Watched(subprocess.Popen[bytes]):
    """FFmpeg, and how much of its answer lies there before it knows that no frame is left."""

    found: ClassVar[list[int]] = []

    def __init__(self, command: list[str], **how: Any) -> None:
        super().__init__(command, **how)
        if "pipe:0" not in command:  # moviepy looks for FFmpeg
            return
        assert self.stdin is not None
        close = self.stdin.close

        def size() -> int:
            return os.fstat(how["stdout"].fileno()).st_size

        def closed() -> None:
            end = time.monotonic() + 5
            while "paletteuse" in str(command) and not size() and time.monotonic() < end:
                time.sleep(0.01)
            self.found.append(size())
            close()

        self.stdin = SimpleNamespace(write=self.stdin.write, close=closed)  # type: ignore[assignment]


def test_no_frame_waits_for_the_palette(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else FFmpeg holds all of them until the last one is there."""
    noise = np.random.default_rng(4).integers(0, 255, (120, 160, 3), np.uint8)
    monkeypatch.setattr(subprocess, "Popen", Watched)
    write_gif([[coloured(np.roll(noise, n, axis=1)) for n in range(60)]], tmp_path / "p.gif")
    assert Watched.found[-1] > 0
    assert len(read(tmp_path / "p.gif")[0]) == 60
