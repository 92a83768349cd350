"""What images say of themselves where Pillow does not look."""

from __future__ import annotations

import struct

import pytest

from fer_batch.media.image_tags import avif_bits, exif_orientation, jp2_bits


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("long", [False, True])
def test_an_orientation_is_read_as_a_short_and_as_a_long_number(
    long: bool, order: str, value: int
) -> None:
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, 1)
    number = struct.pack(f"{order}I" if long else f"{order}HH", *([value] if long else [value, 0]))
    entry = struct.pack(f"{order}HHI", 0x112, 4 if long else 3, 1) + number
    assert exif_orientation(b"Exif\0\0" + head + entry + bytes(4)) == value


def test_bits_of_headers_that_are_cut_off_are_unknown() -> None:
    assert jp2_bits(b"\xff\x4f\xff\x51") == 0
    assert jp2_bits(b"") == 0
    assert avif_bits(b"av1C") == avif_bits(b"") == 8
