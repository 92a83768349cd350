"""Films whose colours are packed into 16 bits are as bright as others."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from fer_batch.config import Limits
from fer_batch.media import packed_rgb, planes
from fer_batch.media.source import open_source, probe
from tests.footage.oracle import ffmpeg

COLOURS = ((255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0), (132, 130, 132))
FORMS = [
    f"{order}{bits}{end}" for order in ("rgb", "bgr") for bits in (555, 565) for end in ("le", "be")
]


def bars(path: Path) -> Path:
    picture = np.repeat(np.array(COLOURS, np.uint8)[None, :, ::-1], 48, axis=0)
    cv2.imwrite(str(path), np.repeat(picture, 16, axis=1))
    return path


def assert_bars(found: np.ndarray) -> None:
    """What five bits hold exactly is right, the grey within a step of five."""
    apart = np.abs(found - np.array(COLOURS)).max(axis=1)
    assert apart[:-1].max() <= 2
    assert apart[-1] <= 9


@pytest.mark.parametrize("form", [*FORMS, "rgb444le", "bgr444be"])
def test_white_is_white_and_black_is_black(form: str, tmp_path: Path) -> None:
    path = tmp_path / "x.nut"
    ffmpeg("-i", bars(tmp_path / "x.png"), "-c:v", "rawvideo", "-pix_fmt", form, path)
    info = probe(path, "x", 25.0, Limits())
    (frame,) = open_source(info, Limits()).frames(0, 1)
    assert frame.image is not None and info.codec == "rawvideo"
    found = planes.to_rgb(frame.image, frame.full_range)[24, 8::16].astype(int)
    assert_bars(found)


@pytest.mark.parametrize(("suffix", "codec"), [("avi", "rawvideo"), ("mov", "qtrle")])
def test_films_of_screens(suffix: str, codec: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{suffix}"
    form = "rgb555le" if suffix == "avi" else "rgb555be"
    ffmpeg("-i", bars(tmp_path / "x.png"), "-c:v", codec, "-pix_fmt", form, path)
    info = probe(path, "x", 25.0, Limits())
    (frame,) = open_source(info, Limits()).frames(0, 1)
    assert frame.image is not None
    found = planes.to_rgb(frame.image, frame.full_range)[24, 8::16].astype(int)
    assert_bars(found)


def test_others_stay_as_they_are_and_the_range_is_kept() -> None:
    plain = av.VideoFrame(64, 48, "rgb24")
    assert packed_rgb.unpacked(plain) is plain
    packed = av.VideoFrame(66, 48, "rgb565le")
    packed.color_range = 2
    whole = packed_rgb.unpacked(packed)
    assert (whole.format.name, whole.width, whole.height) == ("rgb24", 66, 48)
    assert whole.color_range == 2
