"""What the header of an image file says, before a pixel of it is decoded.

Pillow reads headers only: pixels are decoded by OpenCV and libheif, since the Pillow that MoviePy
allows (below 12) has holes in its decoders that were mended later (CVE-2026-25990 and others).
"""

from __future__ import annotations

import importlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fer_batch.config import Limits
from fer_batch.errors import LimitError, NotMediaError
from fer_batch.media.container import check_readable
from fer_batch.media.image_kind import START_BYTES, image_kind, other_kind
from fer_batch.media.image_tags import (
    FRONT,
    ORIENTATION,
    UNNAMED,
    avif_bits,
    exif_orientation,
    jp2_bits,
    jp2_exif,
    png_exif,
    primaries_and_transfer,
)

SIGNED = 2  # TIFF's number for values that may be negative
WHITE_IS_ZERO = 0
DNG_VERSION = 0xC612
_MOST_TAGS = 4096
LONGEST_SIDE = 1_000_000  # OpenCV reads up to 2^20
# What decoding takes for each pixel at most, bytes: planes, working copies, and the result.
_BYTES = {"jpeg": 6, "png": 4, "webp": 7, "bmp": 4, "gif": 5, "tiff": 6, "jp2": 16, "pnm": 3}
_BYTES |= {"avif": 10, "heif": 9}
_READERS = {
    "jpeg": ("JpegImagePlugin", "JpegImageFile"),
    "png": ("PngImagePlugin", "PngImageFile"),
    "webp": ("WebPImagePlugin", "WebPImageFile"),
    "bmp": ("BmpImagePlugin", "BmpImageFile"),
    "gif": ("GifImagePlugin", "GifImageFile"),
    "jp2": ("Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    "pnm": ("PpmImagePlugin", "PpmImageFile"),
    "avif": ("AvifImagePlugin", "AvifImageFile"),
}


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """``width`` and ``height`` in pixels as stored, ``orientation`` as EXIF counts (1 to 8).

    ``upright``: width and height of the picture as it is shown. ``alpha``: it may be transparent
    in parts. ``multiplied``: its colours are multiplied by what shows of them already. ``wide``:
    more than 8 bits a channel. ``most``: the largest value of a channel where it is less than 16
    bits hold, else 0. ``moving``: it holds more than one picture. ``icc``: its colour profile,
    empty where it has none. ``primaries``, ``transfer``: as video numbers them, 2 where not named.
    """

    kind: str
    width: int
    height: int
    orientation: int = 1
    alpha: bool = False
    multiplied: bool = False
    wide: bool = False
    most: int = 0
    moving: bool = False
    icc: bytes = b""
    primaries: int = UNNAMED
    transfer: int = UNNAMED

    @property
    def upright(self) -> tuple[int, int]:
        turned = self.orientation >= 5
        return (self.height, self.width) if turned else (self.width, self.height)


def read_bytes(path: Path, limits: Limits) -> bytes:
    """The content of an image file.

    Raises:
        InputError: missing, empty, not readable, or larger than ``limits.image_bytes``.
    """
    check_readable(path)
    if path.stat().st_size > limits.image_bytes:
        raise LimitError(f"{path}: is larger than {limits.image_bytes >> 20} MiB; shrink it")
    return path.read_bytes()


def read_header(path: Path, limits: Limits) -> ImageHeader:
    """What the header of the image at ``path`` says.

    Raises:
        InputError: empty, no image that is read, or beyond the caps; one line, with its kind.
    """
    check_readable(path)
    if path.stat().st_size > limits.image_bytes:
        raise LimitError(f"{path}: is larger than {limits.image_bytes >> 20} MiB; shrink it")
    with path.open("rb") as file:
        return header_of(file, path, limits)


def header_of(file: Any, path: Path, limits: Limits) -> ImageHeader:
    """As ``read_header``, of an open binary file; ``path`` is for the words of errors."""
    start = file.read(START_BYTES)
    file.seek(0)
    kind = image_kind(start)
    if not kind:
        raise NotMediaError(_refusal(path, start))
    if kind == "pnm":  # Pillow would go through blanks without an end one by one
        file = io.BytesIO(file.read(FRONT))
    try:
        warnings.filterwarnings("ignore", module=r"PIL\.")  # our own line says what is wrong
        own = {"heif": _heif, "tiff": _tiff}.get(kind)
        header = own(file) if own else _by_pillow(file, kind)
    except MemoryError:
        raise
    except NotMediaError as error:
        raise NotMediaError(_refusal(path, start, str(error))) from None
    except Exception as error:  # whatever a hostile header makes of the parser
        raise NotMediaError(
            f"{path}: is a damaged {kind.upper()} image; copy or export it again"
        ) from error
    _check_size(path, header, limits)
    return header


def _refusal(path: Path, start: bytes, words: str = "") -> str:
    words = words or other_kind(start, path)
    if words:
        return f"{path}: is {words}, which is not read as an image; export it as JPEG or PNG"
    return f"{path}: is not an image that can be read; export it as JPEG or PNG"


def _check_size(path: Path, header: ImageHeader, limits: Limits) -> None:
    width, height = header.width, header.height
    if width <= 0 or height <= 0:
        raise NotMediaError(f"{path}: is a damaged {header.kind.upper()} image; export it again")
    if max(width, height) > LONGEST_SIDE:
        raise LimitError(
            f"{path}: {width}x{height} pixels: a side of more than {LONGEST_SIDE} is not read; "
            "cut it into parts"
        )
    if width * height > limits.photo_pixels:
        raise LimitError(
            f"{path}: {width}x{height} pixels are more than the "
            f"{limits.photo_pixels // 1_000_000} megapixels allowed; scale it down"
        )
    need = width * height * _BYTES[header.kind] * (2 if header.wide else 1)
    if need > limits.photo_bytes:
        raise LimitError(
            f"{path}: {width}x{height} pixels of {header.kind.upper()} take more than the "
            f"{limits.photo_bytes >> 20} MiB of memory allowed; scale it down or save it as JPEG"
        )


def _by_pillow(file: Any, kind: str) -> ImageHeader:
    module, name = _READERS[kind]
    reader: Callable[..., Any] = getattr(importlib.import_module(f"PIL.{module}"), name)
    # Not by Image.open: it tries every format, and warns of 90 megapixels.
    image = reader(file, "")
    width, height = image.size
    icc = image.info.get("icc_profile") or b""
    file.seek(0)
    head = file.read(FRONT)
    primaries, transfer = primaries_and_transfer(kind, head)
    return ImageHeader(
        kind=kind,
        width=int(width),
        height=int(height),
        orientation=_orientation(image, kind, file),
        alpha=image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info,
        wide=_wide(image),
        most=_most(kind, head),
        moving=_moving(image, kind),
        icc=icc if isinstance(icc, bytes) else b"",
        primaries=primaries,
        transfer=transfer,
    )


def _orientation(image: Any, kind: str, file: Any) -> int:
    """From EXIF alone: Pillow's own ``getexif`` would decode a PNG to look behind its pixels."""
    exif = image.info.get("exif")
    if kind == "png" and not exif:
        exif = png_exif(file)
    elif kind == "jp2":
        exif = jp2_exif(file)
    return exif_orientation(exif) if isinstance(exif, bytes) else 1


def _wide(image: Any) -> bool:
    raw = str(image.tile[0][3]) if image.tile else ""
    return image.mode.startswith(("I", "F")) or "16" in raw


def _most(kind: str, head: bytes) -> int:
    """As ``ImageHeader.most``, by the headers of the coded picture itself."""
    find = {"avif": avif_bits, "jp2": jp2_bits}.get(kind)
    if find is None:
        return 0
    bits = find(head)
    return (1 << bits) - 1 if 8 < bits < 16 else 0


def _moving(image: Any, kind: str) -> bool:
    return kind in ("gif", "png", "webp", "avif") and bool(getattr(image, "is_animated", False))


def _tiff(file: Any) -> ImageHeader:
    """From the tags alone: OpenCV reads more kinds of TIFF than Pillow, and turns them itself."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    head = file.read(8)
    tags = ImageFileDirectory_v2(head + (file.read(8) if 43 in head[2:4] else b""))  # BigTIFF
    _check_tags(file, tags.next, head)
    file.seek(tags.next)
    tags.load(file)
    if DNG_VERSION in tags:
        raise NotMediaError("a camera's raw file")
    bits, extra, largest, forms = (_several(tags.get(tag, ())) for tag in (258, 338, 281, 339))
    deepest, most = max(bits, default=1), max(largest, default=0)
    if SIGNED in forms and deepest <= 16:
        raise NotMediaError("a TIFF of numbers that may be negative")
    if tags.get(262) == WHITE_IS_ZERO and deepest in (10, 12, 14):
        raise NotMediaError(f"a TIFF of {deepest} bits in which 0 is white")
    icc = tags.get(34675) or b""
    width, height = int(tags[256]), int(tags[257])
    turned = int(tags.get(ORIENTATION, 1)) >= 5
    return ImageHeader(
        kind="tiff",
        width=height if turned else width,
        height=width if turned else height,
        alpha=len(bits) in (2, 4) and any(kind in (1, 2) for kind in extra),
        # libtiff hands colours of 8 bits over already multiplied.
        multiplied=deepest <= 8 or 1 in extra,
        wide=deepest > 8,
        most=most if deepest == 16 and 255 < most < 65535 else 0,
        moving=bool(tags.next),
        icc=icc if isinstance(icc, bytes) else b"",
    )


def _check_tags(file: Any, place: int, head: bytes) -> None:
    """Where a size is named twice, decoders take the first and others the last: a trap."""
    order: Literal["little", "big"] = "little" if head[:2] == b"II" else "big"
    count, entry = (8, 20) if 43 in head[2:4] else (2, 12)
    file.seek(place)
    entries = min(int.from_bytes(file.read(count), order), _MOST_TAGS)
    table = file.read(entries * entry)
    named = [int.from_bytes(table[i : i + 2], order) for i in range(0, len(table), entry)]
    if named.count(256) != 1 or named.count(257) != 1:
        raise ValueError("width or height is not given exactly once")


def _several(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple) else (int(value),)


def _heif(file: Any) -> ImageHeader:
    from fer_batch.media.heif import open_heif

    # libheif turns the picture where the container says so, and EXIF only repeats it. Where the
    # container says nothing EXIF is all there is.
    head = file.read(FRONT)
    file.seek(0)
    turned = b"irot" in head or b"imir" in head
    image = open_heif(file)
    primaries, transfer = primaries_and_transfer("heif", head)
    return ImageHeader(
        kind="heif",
        width=image.size[0],
        height=image.size[1],
        orientation=1 if turned else exif_orientation(image.info.get("exif") or b""),
        alpha=image.mode.endswith(("A", "a")),
        moving=len(image) > 1,
        icc=image.info.get("icc_profile") or b"",
        primaries=primaries,
        transfer=transfer,
    )
