"""Images are shown in the colours that their profile and gamma say."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageCms

from fer_batch.config import Limits
from fer_batch.errors import NotMediaError
from fer_batch.media.image_decode import read_picture
from tests.media.plain_pictures import LIMITS, assert_shown, quarters, read_rgb, save, upright


def wide_gamut() -> bytes:
    """A profile whose red, green and blue reach further than those of sRGB (Rec. 2020's)."""

    def s15(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(s15, values))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"wide\0" + b"\0" * 79
    tags = {
        b"desc": text + b"\0" * (-len(text) % 4),
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.6734, 0.2790, -0.0019),
        b"gXYZ": xyz(0.1657, 0.6753, 0.0299),
        b"bXYZ": xyz(0.1251, 0.0456, 0.7969),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content
    head = struct.pack(
        ">I4sI4s4s4s", at + len(body), b"\0" * 4, 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    head += b"\0" * 12 + b"acsp" + b"\0" * 28 + s15(0.9642) + s15(1.0) + s15(0.8249)
    return head.ljust(128, b"\0") + table + body


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "avif", "heic"])
def test_colour_profiles_are_honoured(suffix: str, tmp_path: Path) -> None:
    """As LittleCMS converts the same picture by itself."""
    image, icc = Pillow.fromarray(upright()), wide_gamut()
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    wanted = ImageCms.profileToProfile(
        image, profile, ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
    assert wanted is not None
    shown = np.asarray(wanted)
    assert np.abs(shown.astype(int) - upright()).max() > 20  # the profile does something
    assert_shown(save(tmp_path / f"a.{suffix}", image, icc_profile=icc), shown, 12)


def test_a_profile_that_says_srgb_changes_nothing(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, named = tmp_path / "plain.png", tmp_path / "named.png"
    save(plain, Pillow.fromarray(upright()))
    save(named, Pillow.fromarray(upright()), icc_profile=srgb)
    assert np.array_equal(read_rgb(plain), read_rgb(named))


@pytest.mark.parametrize(("gamma", "srgb"), [(100_000, False), (55_556, False), (100_000, True)])
def test_the_gamma_that_a_png_names_is_honoured(gamma: int, srgb: bool, tmp_path: Path) -> None:
    """As browsers show it: linear light, or that of old Macs; the chunk ``sRGB`` overrules it."""
    values = upright() / 255.0
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    stored = upright() if srgb else np.round(light ** (gamma / 1e5) * 255).astype(np.uint8)
    Pillow.fromarray(stored).save(tmp_path / "plain.png")
    plain = (tmp_path / "plain.png").read_bytes()
    named = chunk(b"gAMA", gamma.to_bytes(4)) + (chunk(b"sRGB", b"\0") if srgb else b"")
    (tmp_path / "a.png").write_bytes(plain[:33] + named + plain[33:])
    picture = read_picture(tmp_path / "a.png", LIMITS)
    found = np.array(quarters(picture.bgr[..., ::-1]))
    assert np.abs(found - np.array(quarters(upright()))).max() <= 6


def test_a_frame_that_ffmpeg_took_from_a_film_is_as_bright_as_the_film(tmp_path: Path) -> None:
    """It names the gamma of the film's camera; players show its values as they are."""
    Pillow.fromarray(upright()).save(tmp_path / "plain.png")
    plain = (tmp_path / "plain.png").read_bytes()
    named = chunk(b"gAMA", (50_994).to_bytes(4))
    (tmp_path / "a.png").write_bytes(plain[:33] + named + plain[33:])
    found = [read_picture(tmp_path / name, LIMITS).bgr for name in ("a.png", "plain.png")]
    assert np.array_equal(*found)


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def test_a_broken_profile_costs_nothing_but_itself(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", Pillow.fromarray(upright()), icc_profile=b"nonsense" * 40)
    assert_shown(path, upright(), 0)


def test_a_tiff_in_lab_colours_is_refused_not_shown_with_a_tint(tmp_path: Path) -> None:
    path = tmp_path / "print.tif"
    Pillow.new("LAB", (96, 64), (180, 0, 0)).save(path)
    with pytest.raises(NotMediaError, match=r"print\.tif: is a TIFF in Lab colours, which is not"):
        read_picture(path, Limits())
