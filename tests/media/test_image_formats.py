"""Every kind of image file comes upright, in sRGB, over white; what is none is one clear line."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms

from fer_batch.config import Limits
from fer_batch.errors import InputError, LimitError, NotMediaError
from fer_batch.media import image_decode
from fer_batch.media.image_decode import read_picture, shrink_factor
from fer_batch.media.image_header import read_header
from fer_batch.media.image_tags import exif_orientation
from fer_batch.types import Image
from tests.footage.images import grey_png, heic_of_tiles, png_of_two_sizes, tiff_of_two_sizes

LIMITS = Limits()
WIDTH, HEIGHT = 96, 64
FORMATS = {
    "jpg": "JPEG",
    "jfif": "JPEG",
    "mpo": "MPO",
    "png": "PNG",
    "webp": "WEBP",
    "bmp": "BMP",
    "tiff": "TIFF",
    "avif": "AVIF",
    "jp2": "JPEG2000",
    "ppm": "PPM",
    "heic": "HEIF",
}
pillow_heif.register_heif_opener()  # Pillow writes HEIF only so


def upright() -> Image:
    """RGB: four quarters of plain colours, none like another, the first bright."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    half_h, half_w = HEIGHT // 2, WIDTH // 2
    picture[:half_h, :half_w] = (230, 200, 190)
    picture[:half_h, half_w:] = (180, 40, 40)
    picture[half_h:, :half_w] = (30, 120, 50)
    picture[half_h:, half_w:] = (40, 50, 160)
    return picture


def quarters(rgb: Image) -> list[list[int]]:
    """Mean colour in the middle of each quarter."""
    h, w = rgb.shape[:2]
    spots = [(y, x) for y in (h // 4, 3 * h // 4) for x in (w // 4, 3 * w // 4)]
    return [rgb[y - 4 : y + 4, x - 4 : x + 4].reshape(-1, 3).mean(0).tolist() for y, x in spots]


def read_rgb(path: Path) -> Image:
    return read_picture(path, LIMITS).bgr[..., ::-1]


def assert_shown(path: Path, wanted: Image, tolerance: float) -> None:
    header = read_header(path, LIMITS)
    shown = read_picture(path, LIMITS)
    assert (shown.width, shown.height) == header.upright == (WIDTH, HEIGHT)
    assert shown.bgr.shape == (HEIGHT, WIDTH, 3)
    assert np.allclose(quarters(shown.bgr[..., ::-1]), quarters(wanted), atol=tolerance)


def save(path: Path, image: Pillow.Image, **options: object) -> Path:
    image.save(path, FORMATS[path.suffix[1:]], **options)
    return path


def stored_for(orientation: int) -> Image:
    """How pixels are stored for each of EXIF's orientations, so that ``upright`` is shown."""
    up = upright()
    turned = {
        1: up,
        2: up[:, ::-1],
        3: up[::-1, ::-1],
        4: up[::-1],
        5: up.transpose(1, 0, 2),
        6: np.rot90(up, 1),
        7: np.rot90(up.transpose(1, 0, 2), 2),
        8: np.rot90(up, -1),
    }
    return np.ascontiguousarray(turned[orientation])


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_read(suffix: str, tmp_path: Path) -> None:
    path = save(tmp_path / f"a.{suffix}", Pillow.fromarray(upright()))
    assert_shown(path, upright(), 6)
    assert not read_header(path, LIMITS).moving


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "avif", "heic"])
def test_pictures_stand_upright_in_every_format(
    suffix: str, orientation: int, tmp_path: Path
) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    image = Pillow.fromarray(stored_for(orientation))
    assert_shown(save(tmp_path / f"a.{suffix}", image, exif=exif), upright(), 8)


def test_exif_of_jpeg_2000_is_followed(tmp_path: Path) -> None:
    """It stands in a box of its own behind the signature."""
    path = save(tmp_path / "a.jp2", Pillow.fromarray(stored_for(6)))
    exif = Pillow.Exif()
    exif[0x0112] = 6
    body = b"uuidJpgTiffExif->JP2" + exif.tobytes().removeprefix(b"Exif\0\0")
    data, at = path.read_bytes(), 12
    at += int.from_bytes(data[at : at + 4])  # behind the file type box
    path.write_bytes(data[:at] + struct.pack(">I", len(body) + 4) + body + data[at:])
    assert_shown(path, upright(), 6)


def test_exif_behind_the_pixels_of_a_png_is_followed(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", Pillow.fromarray(stored_for(8)))
    exif = Pillow.Exif()
    exif[0x0112] = 8
    content = exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(content)) + b"eXIf" + content
    chunk += struct.pack(">I", zlib.crc32(b"eXIf" + content))
    data = path.read_bytes()
    path.write_bytes(data[:-12] + chunk + data[-12:])
    assert_shown(path, upright(), 0)


@given(st.binary(max_size=64))
def test_any_bytes_are_some_orientation(data: bytes) -> None:
    assert 1 <= exif_orientation(b"Exif\0\0II*\0\x08\0\0\0" + data) <= 8
    assert 1 <= exif_orientation(data) <= 8


def test_a_phones_photo_of_tiles_is_read_whole(tmp_path: Path) -> None:
    """Four tiles of another size than the picture, joined and cut by the container's words."""
    rows, columns = np.mgrid[0:150, 0:200]
    picture = np.stack([rows + 60, columns + 20, 200 - rows], -1).astype(np.uint8)
    path = heic_of_tiles(tmp_path / "IMG_1.HEIC", picture, tile=128)
    assert read_header(path, LIMITS).upright == (200, 150)
    shown = read_picture(path, LIMITS)
    assert shown.bgr.shape == (150, 200, 3)
    assert np.abs(shown.bgr[..., ::-1].astype(int) - picture).mean() < 6


def grey() -> Image:
    return cv2.cvtColor(cv2.cvtColor(upright(), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


@pytest.mark.parametrize("suffix", ["jpg", "tiff"])
def test_cmyk_is_read(suffix: str, tmp_path: Path) -> None:
    image = Pillow.fromarray(upright()).convert("CMYK")
    assert_shown(save(tmp_path / f"a.{suffix}", image), upright(), 6)


@pytest.mark.parametrize("suffix", ["png", "tiff", "bmp"])
def test_palettes_are_read(suffix: str, tmp_path: Path) -> None:
    image = Pillow.fromarray(upright()).quantize(16)
    assert_shown(save(tmp_path / f"a.{suffix}", image), upright(), 6)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "bmp", "avif", "jp2", "heic"])
def test_grey_is_read(suffix: str, tmp_path: Path) -> None:
    image = Pillow.fromarray(upright()).convert("L")
    assert_shown(save(tmp_path / f"a.{suffix}", image), grey(), 6)


def test_grey_maps_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.pgm"
    Pillow.fromarray(upright()).convert("L").save(path, "PPM")
    assert_shown(path, grey(), 2)


@pytest.mark.parametrize("suffix", ["png", "tiff", "jp2"])
def test_sixteen_bits_are_read(suffix: str, tmp_path: Path) -> None:
    done, data = cv2.imencode(f".{suffix}", upright()[..., ::-1].astype(np.uint16) * 257)
    assert done
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(data.tobytes())
    assert_shown(path, upright(), 3)


def test_fractions_in_a_tiff_are_read(tmp_path: Path) -> None:
    done, data = cv2.imencode(".tiff", upright()[..., ::-1].astype(np.float32) / 255)
    assert done
    path = tmp_path / "a.tiff"
    path.write_bytes(data.tobytes())
    assert_shown(path, upright(), 2)


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff", "avif", "jp2", "heic"])
def test_what_is_transparent_lies_over_white(suffix: str, tmp_path: Path) -> None:
    image = Pillow.fromarray(upright()).convert("RGBA")
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[: HEIGHT // 2] = 0
    alpha[HEIGHT // 2 :, WIDTH // 2 :] = 128
    image.putalpha(Pillow.fromarray(alpha))
    wanted = upright().astype(float)
    wanted[: HEIGHT // 2] = 255
    part = wanted[HEIGHT // 2 :, WIDTH // 2 :]
    wanted[HEIGHT // 2 :, WIDTH // 2 :] = part * 128 / 255 + 255 * (1 - 128 / 255)
    options = {"lossless": True} if suffix == "webp" else {}
    assert_shown(save(tmp_path / f"a.{suffix}", image, **options), wanted.astype(np.uint8), 6)


@pytest.mark.parametrize("suffix", ["png", "tiff", "jp2", "webp", "avif"])
def test_grey_that_may_be_transparent_is_read(suffix: str, tmp_path: Path) -> None:
    image = Pillow.fromarray(upright()).convert("LA")
    options = {"lossless": True} if suffix == "webp" else {}
    assert_shown(save(tmp_path / f"a.{suffix}", image, **options), grey(), 6)


def test_a_transparent_colour_of_a_palette_lies_over_white(tmp_path: Path) -> None:
    image = Pillow.fromarray(upright()).quantize(4)
    first = image.getpixel((WIDTH // 4, HEIGHT // 4))
    wanted = upright()
    wanted[: HEIGHT // 2, : WIDTH // 2] = 255
    path = save(tmp_path / "a.png", image, transparency=first)
    assert_shown(path, wanted, 6)


@pytest.mark.parametrize("hidden", [0, 1, "most"])
@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_a_transparent_grey_lies_over_white(depth: int, hidden: int | str, tmp_path: Path) -> None:
    most = (1 << depth) - 1
    clear = most if hidden == "most" else int(hidden)
    values = np.tile(np.linspace(0, most, 32).round().astype(int), (8, 1))
    values[:, 16:20] = clear
    path = grey_png(tmp_path / "a.png", values, depth, clear)
    wanted = np.where(values == clear, 255, values * 255 / most)
    assert np.abs(read_rgb(path).astype(int) - wanted[..., None]).max() <= 1


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


def test_large_photos_are_shrunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JPEG while it is decoded, others afterwards; the size that is told stays the file's."""
    monkeypatch.setattr(image_decode, "WORKING_PIXELS", WIDTH * HEIGHT // 3)
    for suffix in ("jpg", "png", "heic"):
        path = save(tmp_path / f"a.{suffix}", Pillow.fromarray(upright()))
        shown = read_picture(path, LIMITS)
        assert (shown.width, shown.height) == (WIDTH, HEIGHT)
        assert shown.bgr.shape == (HEIGHT // 2, WIDTH // 2, 3)
        assert np.allclose(quarters(shown.bgr[..., ::-1]), quarters(upright()), atol=8)


@given(st.integers(1, 1_000_000), st.integers(1, 1_000_000))
def test_what_is_worked_on_is_bounded(width: int, height: int) -> None:
    factor = shrink_factor(width, height)
    assert width * height <= image_decode.WORKING_PIXELS * factor**2
    assert max(width, height) <= image_decode.LONGEST_SIDE * factor
    half = factor // 2
    assert factor == 1 or (
        width * height > image_decode.WORKING_PIXELS * half**2
        or max(width, height) > image_decode.LONGEST_SIDE * half
    )


@pytest.mark.parametrize(("width", "height"), [(17_000, 1_500), (60_000, 10), (3, 40_000)])
def test_panoramas_are_read(width: int, height: int, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Pillow.new("RGB", (width, height), (10, 200, 30)).save(path)
    shown = read_picture(path, LIMITS)
    assert (shown.width, shown.height) == (width, height)
    assert max(shown.bgr.shape[:2]) <= image_decode.LONGEST_SIDE
    assert shown.bgr[0, 0].tolist() == [30, 200, 10]


def test_caps_are_told_before_a_pixel_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "long.png"
    Pillow.new("1", (1_100_000, 10)).save(path)
    with pytest.raises(LimitError, match=r"long\.png: 1100000x10 pixels: a side"):
        read_header(path, LIMITS)
    photo = save(tmp_path / "a.png", Pillow.fromarray(upright()))
    with pytest.raises(LimitError, match=r"a\.png: 96x64 pixels are more than"):
        read_header(photo, Limits(photo_pixels=1000))
    with pytest.raises(LimitError, match=r"take more than the 0 MiB of memory"):
        read_header(photo, Limits(photo_bytes=1000))
    with pytest.raises(LimitError, match="is larger than 0 MiB"):
        read_header(photo, Limits(image_bytes=10))


def test_a_png_or_tiff_of_two_sizes_is_refused(tmp_path: Path) -> None:
    """The header shows a small picture, the decoder would unpack a large one."""
    for path in (
        png_of_two_sizes(tmp_path / "two.png", 64, 20_000),
        tiff_of_two_sizes(tmp_path / "trap.png", 64, 20_000),
        tiff_of_two_sizes(tmp_path / "small.png", 64, 80),
    ):
        with pytest.raises(InputError, match=path.name):
            read_picture(path, LIMITS)


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


def test_a_tiff_in_lab_colours_is_refused_not_shown_with_a_tint(tmp_path: Path) -> None:
    path = tmp_path / "print.tif"
    Pillow.new("LAB", (96, 64), (180, 0, 0)).save(path)
    with pytest.raises(NotMediaError, match=r"print\.tif: is a TIFF in Lab colours, which is not"):
        read_picture(path, Limits())
