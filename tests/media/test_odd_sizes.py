"""Colours of pictures with odd sides lie where they lay, up to the last column and row."""

from __future__ import annotations

import av
import numpy as np
import pytest

from fer_batch.media import planes
from fer_batch.media.odd_sizes import even

FORMS = ["rgb24", "bgr0", "gbrp", "rgb48le", "yuv444p", "yuvj444p", "yuv444p10le", "yuv422p"]
FORMS += ["yuv422p10le", "nv16", "yuyv422"]


def bars(width: int, height: int) -> np.ndarray:
    """Grey with red from the last pair of columns on, blue from the last pair of rows on."""
    picture = np.full((height, width, 3), 128, np.uint8)
    picture[:, (width - 1) // 2 * 2 - 2 :] = (220, 30, 30)
    picture[(height - 1) // 2 * 2 - 2 :] = (30, 30, 220)
    return picture


def cut(frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
    """The upper left of a picture of even size, made of the same bytes."""
    made = av.VideoFrame(width, height, frame.format.name)
    for plane, target in zip(frame.planes, made.planes, strict=True):
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        new = np.frombuffer(target, np.uint8).reshape(-1, target.line_size)
        h, w = min(len(rows), len(new)), min(plane.line_size, target.line_size)
        new[:h, :w] = rows[:h, :w]
    made.color_range = frame.color_range
    return made


@pytest.mark.parametrize(("width", "height"), [(97, 65), (95, 64), (96, 63), (33, 33)])
@pytest.mark.parametrize("form", FORMS)
def test_colours_at_the_edges(form: str, width: int, height: int) -> None:
    given = bars(width, height)
    wide = np.pad(given, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = cut(av.VideoFrame.from_ndarray(wide, "rgb24").reformat(format=form), width, height)
    image, full_range = planes.from_video_frame(frame, width, height)
    assert image.shape == ((height + height % 2) * 3 // 2, width + width % 2)
    found = planes.to_rgb(image, full_range)[:height, :width].astype(int)
    apart = np.abs(found - given).max(axis=2)
    # What lies on the left and above of a pixel may colour it, by a quarter at most.
    assert apart[10, -2:].max() <= 30
    assert apart[-2:, 10].max() <= 30
    assert apart[10, : width - 8].max() <= 4


def test_even_ones_and_those_of_halved_chroma_are_not_copied() -> None:
    for form, size in (("rgb24", (64, 48)), ("yuv420p", (63, 47)), ("gray", (63, 47))):
        frame = av.VideoFrame(*size, form)
        assert even(frame) is frame
