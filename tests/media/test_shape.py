"""Pictures have the shape that players give them, also where it changes on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.media.source import open_source, probe
from tests.footage import pictures, videos
from tests.footage.oracle import decoded, ffmpeg
from tests.footage.videos import Recipe

FRAMES = 25


def part(path: Path, first: int, aspect: str, codec: tuple[str, ...]) -> Path:
    """Numbered pictures from ``first`` on whose pixels have a shape."""
    plain = path.with_suffix(".mkv")
    videos.write(plain, [pictures.numbered(first + i, 352, 288) for i in range(FRAMES)])
    shape = ("-vf", f"setdar={aspect}", "-bf", "2", "-g", "10")
    ffmpeg("-i", plain, *shape, *codec, "-f", "mpegts", path)
    return path


@pytest.mark.parametrize(
    "codec", [("-c:v", "mpeg2video", "-q:v", "2"), ("-c:v", "libx264", "-crf", "10")]
)
@pytest.mark.parametrize("threads", [1, 4])
def test_a_broadcast_changes_to_a_wider_shape(
    codec: tuple[str, ...], threads: int, tmp_path: Path
) -> None:
    parts = [
        part(tmp_path / "old.ts", 0, "4/3", codec),
        part(tmp_path / "new.ts", FRAMES, "16/9", codec),
    ]
    path = videos.appended(tmp_path / "broadcast.ts", *parts)
    info = probe(path, "x", 25.0, Limits())
    assert (info.width, info.height) == (512, 288)
    (warning,) = info.warnings
    assert "from 384x288 to 512x288; all are fitted into 512x288, with bars" in warning
    source = open_source(info, Limits(), threads)
    for index, frame in enumerate(source.frames(0, len(info))):
        left = 64 if index < FRAMES else 0
        assert (frame.luma[:, : max(0, left - 2)] == 16).all()
        assert frame.luma[:, left + 2 : left + 10].mean() > 40
        assert pictures.number_of(frame.luma[:, left : 512 - left]) == index
    # Any range gives the same.
    for start in (FRAMES - 2, FRAMES, FRAMES + 12):
        frame = next(iter(source.frames(start, start + 1)))
        left = 64 if start < FRAMES else 0
        assert pictures.number_of(frame.luma[:, left : 512 - left]) == start


def test_a_container_has_the_last_word_on_shape(tmp_path: Path) -> None:
    frames = [pictures.numbered(i) for i in range(FRAMES)]
    plain = videos.write(tmp_path / "plain.mp4", frames)
    path = tmp_path / "wide.mkv"
    ffmpeg("-i", plain, "-c", "copy", "-aspect", "16:9", path)
    info = probe(path, "x", 25.0, Limits())
    assert (info.width, info.height) == (213, 120)
    assert {(f.width, f.height) for f in open_source(info, Limits()).frames(0, FRAMES)} == {
        (213, 120)
    }


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_what_a_codec_cuts_off_on_the_left_and_above_is_not_shown(
    codec: str, tmp_path: Path
) -> None:
    whole = videos.write(tmp_path / "whole.mp4", [pictures.numbered(9)] * 3, Recipe(codec=codec))
    cut = tmp_path / "cut.mp4"
    less = f"{codec}_metadata=crop_left=18:crop_top=10:crop_right=4"
    ffmpeg("-i", whole, "-c", "copy", "-bsf:v", less, cut)
    frames = []
    for path in (whole, cut):
        info = probe(path, "x", 25.0, Limits())
        frames.append(next(iter(open_source(info, Limits(), threads=1).frames(0, 1))))
    width, height = frames[0].width - 22, frames[0].height - 10
    assert (frames[1].width, frames[1].height) == (width, height)
    assert (decoded(cut).width, decoded(cut).height) == (width, height)
    assert np.array_equal(frames[1].luma[:height, :width], frames[0].luma[10:, 18 : 18 + width])
