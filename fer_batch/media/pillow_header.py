"""Headers of images as Pillow's readers and libheif tell them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from fer_batch.media.heif import open_heif
from fer_batch.media.image_facts import ImageHeader
from fer_batch.media.image_tags import (
    FRONT,
    avif_bits,
    exif_orientation,
    jp2_bits,
    jp2_exif,
    png_clear,
    png_exif,
    primaries_and_transfer,
)
from fer_batch.media.named_colours import UNSPECIFIED

AS_SHOWN = (1 / 2.2, 1 / 1.961)
"""Gammas of values that are shown as they are: that of screens, which most files name, and that of
films, which FFmpeg names in pictures that it takes from them."""
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


def pillow_header(file: Any, kind: str) -> ImageHeader:
    """Of an open file of that kind.

    Raises:
        Exception: whatever damaged bytes make of Pillow's reader.
    """
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
        clear=png_clear(head, image.info.get("transparency")) if kind == "png" else -1,
        moving=_moving(image, kind),
        icc=icc if isinstance(icc, bytes) else b"",
        primaries=primaries,
        transfer=transfer,
        gamma=_gamma(image.info) if kind == "png" and transfer == UNSPECIFIED else 0.0,
    )


def _gamma(info: Any) -> float:
    """Of the chunk ``gAMA``, which a profile and ``sRGB`` overrule (PNG, 4.3). Those that are
    ``AS_SHOWN`` change nothing."""
    gamma = info.get("gamma")
    if not isinstance(gamma, float) or "icc_profile" in info or "srgb" in info:
        return 0.0
    shown = any(abs(gamma / usual - 1.0) <= 0.02 for usual in AS_SHOWN)
    return 0.0 if shown or not 0.1 <= gamma <= 5.0 else gamma


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


def heif_header(file: Any) -> ImageHeader:
    """Of an open file.

    Raises:
        Exception: whatever damaged bytes make of libheif.
    """
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
