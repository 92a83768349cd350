"""What images say of themselves in tags, chunks and boxes that Pillow does not read or not rightly:
EXIF's orientation, how many bits a channel has, and primaries and transfer of HDR.
"""

from __future__ import annotations

from typing import Any, Literal

from fer_batch.media.named_colours import UNSPECIFIED

FRONT = 1 << 16  # bytes at the front of a file that are looked at
ORIENTATION = 0x0112  # the tag of EXIF and TIFF
GREY = 0  # PNG's number of pictures without colours
LONG = 4  # EXIF's number of a value's type


def exif_orientation(exif: bytes) -> int:
    """1 to 8 from the bytes of an EXIF block, with or without its ``Exif`` header; 1 where it says
    nothing that can be read."""
    data = exif[6:] if exif.startswith(b"Exif\0\0") else exif
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)

    if data[:4] not in (b"II*\0", b"MM\0*"):
        return 1
    start = number(4, 4)
    stop = min(start + 2 + 12 * number(start, 2), len(data) - 11)
    for at in range(start + 2, stop, 12):
        if number(at, 2) == ORIENTATION:
            # A short number by the standard; some programs write a long one.
            value = number(at + 8, 4 if number(at + 2, 2) == LONG else 2)
            return value if 1 <= value <= 8 else 1
    return 1


def png_exif(file: Any) -> bytes:
    """EXIF that stands behind the pixels of a PNG; those before them Pillow has read."""
    place = 8
    while True:
        file.seek(place)
        head = file.read(8)
        size = int.from_bytes(head[:4])
        if len(head) < 8 or head[4:] == b"IEND":
            return b""
        if head[4:] == b"eXIf":
            found: bytes = file.read(min(size, FRONT))
            return found
        place += 12 + size


def png_clear(head: bytes, transparency: object) -> int:
    """Which grey of a PNG without an alpha channel is not shown (chunk ``tRNS``), as it is decoded:
    greys of less than 8 bits are spread to 255 (PNG, 13.12). -1 where there is none; colours that
    are not shown every decoder knows."""
    depth, colour = head[24], head[25]
    if colour != GREY or not isinstance(transparency, int):
        return -1
    return transparency if depth >= 8 else transparency * 255 // ((1 << depth) - 1)


def jp2_exif(file: Any) -> bytes:
    """EXIF in a JPEG 2000 file stands in a box of its own, which Pillow does not read."""
    file.seek(0)
    head: bytes = file.read(FRONT)
    place = head.find(b"JpgTiffExif->JP2")
    return head[place + 16 :] if place >= 0 else b""


def avif_bits(head: bytes) -> int:
    """Bits a channel by the AV1 codec configuration box (AV1-ISOBMFF, 2.3.3)."""
    place = head.find(b"av1C")
    flags = head[place + 6] if 0 <= place < len(head) - 6 else 0
    return 8 if not flags & 0x40 else 12 if flags & 0x20 else 10


def jp2_bits(head: bytes) -> int:
    """Bits of the first channel by the size marker of the codestream (ITU-T T.800, A.5.1)."""
    place = head.find(b"\xff\x4f\xff\x51") + 42
    return (head[place] & 127) + 1 if 42 <= place < len(head) else 0


def primaries_and_transfer(kind: str, head: bytes) -> tuple[int, int]:
    """ITU-T H.273's numbers of both from the front of a PNG (chunk ``cICP``), AVIF or HEIF (box
    ``colr``); 2 is what is not named."""
    if kind == "png":
        place = head[: head.find(b"IDAT")].find(b"\0\0\0\x04cICP") + 8
        found = head[place : place + 2] if place >= 8 else b""
        return (found[0], found[1]) if len(found) == 2 else (UNSPECIFIED, UNSPECIFIED)
    place = head.find(b"colrnclx") + 8 if kind in ("avif", "heif") else 0
    found = head[place : place + 4] if place >= 8 else b""
    if len(found) < 4:
        return UNSPECIFIED, UNSPECIFIED
    return int.from_bytes(found[:2]), int.from_bytes(found[2:])
