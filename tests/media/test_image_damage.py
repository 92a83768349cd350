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
from tests.footage import pictures
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


KINDS_OF_JPEG: tuple[dict[str, int], ...] = (
    {},
    {"progressive": True},
    {"subsampling": 0},
    {"restart_marker_blocks": 4},
)


@pytest.mark.parametrize("options", KINDS_OF_JPEG, ids=str)
@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("grey", [False, True])
def test_a_jpeg_that_lacks_the_mark_of_its_end_alone_is_whole(
    options: dict[str, int], missing: int, grey: bool, tmp_path: Path
) -> None:
    """As network cameras write them."""
    picture = Pillow.fromarray(pictures.cover(pictures.two_faces(50)[0], 200, 150))
    picture.convert("L" if grey else "RGB").save(tmp_path / "whole.jpg", quality=90, **options)
    data = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[:-missing])
    whole, cut = (read_picture(tmp_path / f"{name}.jpg", LIMITS) for name in ("whole", "cut"))
    assert (whole.bgr == cut.bgr).all()


@pytest.mark.parametrize("options", KINDS_OF_JPEG, ids=str)
@pytest.mark.parametrize("missing", [20, 200, 2000])
@pytest.mark.parametrize("filled", [b"", b"\0", b"\xff", b"\x55"])
def test_a_jpeg_that_lacks_pixels_is_damaged(
    options: dict[str, int], missing: int, filled: bytes, tmp_path: Path
) -> None:
    """Cut off, or never written to its end: the space for it may hold anything."""
    path = tmp_path / "cut.jpg"
    picture = pictures.cover(pictures.two_faces(50)[0], 200, 150)
    Pillow.fromarray(picture).save(path, quality=90, **options)
    path.write_bytes(path.read_bytes()[:-missing] + filled * missing)
    with pytest.raises(NotMediaError, match="damaged"):
        read_picture(path, LIMITS)
