"""What is damaged or no image is one clear line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from fer_batch.errors import InputError, NotMediaError
from fer_batch.media.image_decode import read_picture
from fer_batch.media.image_header import read_header
from tests.media.plain_pictures import FORMATS, LIMITS, save, upright

OTHER = {
    "a.psd": (b"8BPS\0\1" + bytes(40), "a Photoshop document"),
    "a.jxl": (b"\xff\x0a" + bytes(40), "a JPEG XL image"),
    "a.jpg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
    "b.jpg": (b"\0\0\0\x18ftypisom" + bytes(40), "a video"),
    "c.jpg": (b"just some words\n", "text"),
    "a.CR2": (b"II*\0\x10\0\0\0CR" + bytes(40), "CR2|TIFF"),
    "a.pdf": (b"%PDF-1.7\n" + bytes(40), "a PDF document"),
}


@pytest.mark.parametrize("name", OTHER)
def test_what_is_no_image_is_named(name: str, tmp_path: Path) -> None:
    content, words = OTHER[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(NotMediaError, match=words) as refused:
        read_header(path, LIMITS)
    assert str(refused.value).startswith(str(path)) and "\n" not in str(refused.value)


@settings(max_examples=60)
@given(
    suffix=st.sampled_from(sorted(FORMATS)),
    cut=st.floats(0.0, 1.0),
    at=st.floats(0.0, 0.999),
    byte=st.integers(0, 255),
)
def test_damage_is_one_line_or_a_picture(
    suffix: str, cut: float, at: float, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = folder / f"whole.{suffix}"
    if not whole.exists():
        save(whole, Pillow.fromarray(upright()))
    data = bytearray(whole.read_bytes())
    data[int(at * len(data))] = byte
    path = folder / f"damaged.{suffix}"
    path.write_bytes(bytes(data[: max(1, int(len(data) * (0.3 + cut)))]))
    try:
        shown = read_picture(path, LIMITS)
    except InputError as error:
        assert str(path) in str(error) and "\n" not in str(error)
    else:
        assert shown.bgr.dtype == np.uint8 and shown.bgr.shape[2] == 3
