"""Which part of its pictures a container names as the one to be shown: ``clap`` in QuickTime and
MP4 (clean aperture), ``PixelCrop`` in Matroska. Players leave the rest away; FFmpeg's decoders do
not.

Headers are read by their lengths; whatever does not hold together names nothing.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from fer_batch.media.shape import SMALLEST

# Left, top, width and height in pixels of the stored picture.
Part = tuple[int, int, int, int]
MOST_BOXES = 10_000
MOST_BYTES = 1 << 20  # of a description of tracks
_VISUAL = 78  # bytes that a description of pictures begins with
_SEGMENT, _TRACKS, _TRACK, _VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0xE0
_TRACK_TYPE, _OF_PICTURES = 0x83, 1
_CROPS = (0x54CC, 0x54DD, 0x54BB, 0x54AA)  # left, right, top, bottom


def named_part(path: Path, container: Any, stream: Any, picture: Any) -> Part | None:
    """What is to be shown of pictures like ``picture`` (None where there is none); None for all of
    it. It begins on an even column and row, since chroma has half the size."""
    if picture is None:
        return None
    size = (picture.width, picture.height)
    kinds = container.format.name.split(",")
    number = list(container.streams.video).index(stream)
    try:
        with path.open("rb") as file:
            if "mp4" in kinds:
                part = _clean_aperture(file, number, size)
            else:
                part = _pixel_crop(file, number, size) if "matroska" in kinds else None
    except (OSError, ValueError, LookupError, ArithmeticError, struct.error):
        return None
    if part is None or part == (0, 0, *size):
        return None
    left, top, width, height = part
    inside = min(left, top) >= 0 and left + width <= size[0] and top + height <= size[1]
    if not inside or min(width, height) < SMALLEST:
        return None
    return left - left % 2, top - top % 2, width, height


def _clean_aperture(file: BinaryIO, number: int, size: tuple[int, int]) -> Part | None:
    """Of the track of pictures with that number, counted from 0."""
    entry = next(islice(_descriptions(file), number, None), b"")
    boxes = io.BytesIO(entry[8 + _VISUAL :])
    for kind, begin, end in _boxes(boxes, len(entry) - 8 - _VISUAL):
        if kind == b"clap" and end - begin >= 32:
            boxes.seek(begin)
            return _around_centre(struct.unpack(">8i", boxes.read(32)), size)
    return None


def _around_centre(numbers: tuple[int, ...], size: tuple[int, int]) -> Part:
    """Of four fractions: width, height, and how far the centre lies to the right and below."""
    width, height, right, below = (
        Fraction(a, b) for a, b in zip(numbers[::2], numbers[1::2], strict=True)
    )
    left = (size[0] - width) / 2 + right
    top = (size[1] - height) / 2 + below
    return round(left), round(top), round(width), round(height)


def _descriptions(file: BinaryIO) -> Iterator[bytes]:
    """The first description (``stsd``) of each track of pictures."""
    end = file.seek(0, io.SEEK_END)
    for kind, begin, stop in _boxes(file, end):
        if kind != b"moov":
            continue
        for inner, start, until in _boxes(file, stop, begin):
            if inner == b"trak":
                media = _inside(file, start, until, b"mdia")
                if media and (handler := _inside(file, *media, b"hdlr")):
                    file.seek(handler[0])
                    if file.read(12)[8:] == b"vide":
                        yield _description(file, media)


def _description(file: BinaryIO, media: tuple[int, int]) -> bytes:
    place: tuple[int, int] | None = media
    for name in (b"minf", b"stbl", b"stsd"):
        place = _inside(file, *place, name) if place else None
    if not place:
        return b""
    file.seek(place[0] + 8)
    length = int.from_bytes(file.read(4))
    if length > MOST_BYTES:
        return b""
    file.seek(-4, io.SEEK_CUR)
    return file.read(length)


def _inside(file: BinaryIO, begin: int, end: int, name: bytes) -> tuple[int, int] | None:
    """Where the content of the first box of that name begins and ends."""
    return next(((a, b) for kind, a, b in _boxes(file, end, begin) if kind == name), None)


def _boxes(file: BinaryIO, end: int, begin: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of the content of each box between two places of a file."""
    for _ in range(MOST_BOXES):
        file.seek(begin)
        head = file.read(8)
        if begin + 8 > end or len(head) < 8:
            return
        length, content = int.from_bytes(head[:4]), begin + 8
        if length == 1:
            length, content = int.from_bytes(file.read(8)), begin + 16
        stop = end if length == 0 else begin + length
        if stop < content or stop > end:
            return
        yield head[4:], content, stop
        begin = stop


def _pixel_crop(file: BinaryIO, number: int, size: tuple[int, int]) -> Part | None:
    """Of the track of pictures with that number, counted from 0."""
    found = (content for kind, content in _elements(_tracks(file)) if kind == _TRACK)
    tracks = (dict(_elements(content)) for content in found)
    shown = (t for t in tracks if int.from_bytes(t.get(_TRACK_TYPE, b"")) == _OF_PICTURES)
    track = next(islice(shown, number, None), {})
    cut = {kind: int.from_bytes(value) for kind, value in _elements(track.get(_VIDEO, b""))}
    left, right, top, bottom = (cut.get(kind, 0) for kind in _CROPS)
    return left, top, size[0] - left - right, size[1] - top - bottom


def _tracks(file: BinaryIO) -> bytes:
    """The content of the element that describes the tracks; they come before the pictures."""
    for _ in range(MOST_BOXES):
        kind, length = _number(file, keep=True), _number(file)
        if kind is None or length is None:
            return b""
        if kind == _SEGMENT:
            continue  # its content follows
        if kind == _TRACKS:
            return file.read(length) if length <= MOST_BYTES else b""
        file.seek(length, io.SEEK_CUR)
    return b""


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    file = io.BytesIO(data)
    while True:
        kind, length = _number(file, keep=True), _number(file)
        if kind is None or length is None or length > len(data):
            return
        yield kind, file.read(length)


def _number(file: BinaryIO, keep: bool = False) -> int | None:
    """A number of EBML, whose first bits say of how many bytes; ``keep``: with those bits."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    value = first[0] if keep else first[0] & (0x7F >> more)
    return int.from_bytes(bytes([value]) + file.read(more))
