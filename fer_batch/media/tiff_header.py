"""The header of a TIFF by its tags alone: OpenCV reads more kinds of TIFF than Pillow, and turns
them itself."""

from __future__ import annotations

from typing import Any, Literal

from fer_batch.errors import NotMediaError
from fer_batch.media.image_facts import ImageHeader
from fer_batch.media.image_tags import ORIENTATION

SIGNED = 2  # TIFF's number for values that may be negative
WHITE_IS_ZERO = 0
LAB = (8, 9, 10)  # colours that OpenCV would show with the tint of print's white
DNG_VERSION = 0xC612
_MOST_TAGS = 4096


def tiff_header(file: Any) -> ImageHeader:
    """Of an open file.

    Raises:
        NotMediaError: a kind that is not read, in words with an article.
        Exception: whatever damaged tags make of Pillow's reader.
    """
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
    if tags.get(262) in LAB:
        raise NotMediaError("a TIFF in Lab colours")
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
