"""Where pictures do not name their colours the container may, and no number is fatal."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.i420 import BT601, BT709
from fer_batch.media.pictures import jpeg
from fer_batch.media.source import open_source, probe
from fer_batch.types import Frame, SourceInfo
from tests.footage.oracle import ffmpeg

SKIN = (224, 172, 140)
WHITE_IN_PQ = (148, 148, 148)  # 203 cd/m2
SILENT = "h264_metadata=matrix_coefficients=2:colour_primaries=2:transfer_characteristics=2"
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "4", "-frames:v", "2")


def first(path: Path) -> tuple[SourceInfo, Frame]:
    info = probe(path, path.stem, 25.0, Limits())
    frame = next(iter(open_source(info, Limits(), threads=1).frames(0, 1)))
    assert frame.image is not None
    return info, frame


def shown(frame: Frame) -> list[float]:
    """Mean red, green and blue of the frame's JPEG."""
    bgr = cv2.imdecode(np.frombuffer(jpeg(frame), np.uint8), cv2.IMREAD_COLOR)
    return [float(value) for value in bgr.reshape(-1, 3).mean(0)[::-1]]


def told_by_the_container(path: Path, rgb: tuple[int, int, int], matrix: str, *tags: str) -> Path:
    """A copy without a word of colours in its pictures; only the container has the tags."""
    pictures = path.with_suffix(".nut")
    colour = f"color=0x{bytes(rgb).hex()}:s={path.stem}:r=25"
    graph = f"format=gbrp,scale=out_color_matrix={matrix}:out_range=tv,format=yuv420p"
    ffmpeg("-f", "lavfi", "-i", colour, "-vf", graph, *H264, pictures)
    extra = () if path.suffix == ".mkv" else ("-movflags", "write_colr")
    ffmpeg("-i", pictures, "-c", "copy", "-bsf:v", SILENT, *extra, *tags, path)
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize(
    ("size", "matrix", "tag", "number"),
    [("160x120", "bt709", "bt709", BT709), ("1280x720", "bt601", "smpte170m", BT601)],
)
def test_the_container_tells_the_matrix_where_pictures_do_not(
    size: str, matrix: str, tag: str, number: int, suffix: str, tmp_path: Path
) -> None:
    tags = ("-colorspace", tag, "-color_primaries", tag, "-color_trc", tag, "-color_range", "tv")
    info, frame = first(told_by_the_container(tmp_path / f"{size}.{suffix}", SKIN, matrix, *tags))
    assert info.colour[1:] == (number, number, number) and frame.matrix == number
    assert shown(frame) == pytest.approx(SKIN, abs=4)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_the_container_tells_of_high_dynamic_range(suffix: str, tmp_path: Path) -> None:
    tags = ("-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", "smpte2084")
    path = tmp_path / f"160x120.{suffix}"
    info, frame = first(told_by_the_container(path, WHITE_IN_PQ, "bt2020", *tags))
    assert info.colour == (1, BT709, BT709, BT709)
    assert min(shown(frame)) >= 230


@pytest.mark.parametrize("form", ["yuv420p", "yuv444p", "yuv420p10le"])
@pytest.mark.parametrize("number", [3, 8, 10, 14, 16, 200])
def test_numbers_that_nobody_converts_do_no_harm(number: int, form: str, tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    named = f"h264_metadata=matrix_coefficients={number}"
    ffmpeg("-f", "lavfi", "-i", "color=white:s=66x50:r=25", *H264, "-pix_fmt", form,
           "-bsf:v", named, path)  # fmt: skip
    _, frame = first(path)
    assert (frame.width, frame.height) == (66, 50)
    assert frame.luma.min() >= 233
