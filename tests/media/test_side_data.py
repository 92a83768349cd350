"""What lies beside a picture never keeps it from being read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from fer_batch.config import Limits
from fer_batch.media.source import open_source, probe
from fer_batch.types import Image
from tests.footage import pictures
from tests.footage.oracle import ffmpeg

FRAMES = 6
STORED = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    6: Pillow.Transpose.ROTATE_90,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_270,
}


def shot(number: int) -> Image:
    """A numbered picture whose top is white."""
    picture = pictures.numbered(number)
    picture[:20] = 255
    return picture


def of_photos(path: Path, suffix: str, orientation: int) -> Path:
    """A video of numbered JPEG or PNG photos as a camera writes them, with EXIF in each."""
    for number in range(FRAMES):
        photo = Pillow.fromarray(shot(number))
        if orientation in STORED:
            photo = photo.transpose(STORED[orientation])
        exif = Pillow.Exif()
        exif[0x010F], exif[0x0112] = "A camera", orientation
        photo.save(path.with_name(f"{number}.{suffix}"), exif=exif)
    ffmpeg("-framerate", "25", "-i", path.with_name(f"%d.{suffix}"), "-c", "copy", path)
    return path


@pytest.mark.parametrize("orientation", [1, *STORED])
@pytest.mark.parametrize(("name", "suffix"), [("a.avi", "jpg"), ("a.mov", "jpg"), ("b.mov", "png")])
def test_motion_jpeg_with_exif_is_read_upright(
    name: str, suffix: str, orientation: int, tmp_path: Path
) -> None:
    info = probe(of_photos(tmp_path / name, suffix, orientation), "x", 25.0, Limits())
    assert (len(info), info.width, info.height) == (FRAMES, 160, 120)
    frames = list(open_source(info, Limits()).frames(0, FRAMES))
    assert [pictures.number_of(frame.luma) for frame in frames] == list(range(FRAMES))
    expected = np.asarray(Pillow.fromarray(shot(5)).convert("L"), int)
    luma = frames[5].luma.astype(float)
    shown = luma if frames[5].full_range else (luma - 16) * 255 / 219
    assert np.abs(shown - expected).mean() < 6
