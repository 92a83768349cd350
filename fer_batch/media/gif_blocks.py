"""The blocks of a GIF: whether it moves, and for how long each of its pictures is shown.

FFmpeg parts the pictures of a GIF at the block that holds the delay. Where old programs left these
blocks out it would see one picture only. Browsers show such pictures for 100 ms, and those with a
delay that no screen of their time could keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from fer_batch.config import Limits

SHORTEST = 2  # hundredths of a second; less is taken for nothing said
USUAL = 10
_START = b"GIF8"
_CONTROL = b"\x21\xf9\x04\0" + USUAL.to_bytes(2, "little") + b"\0\0"
_EXTENSION, _PICTURE = 0x21, 0x2C
_DELAYED = 0xF9  # an extension that says how the next picture is shown
_DELAY = 4  # bytes before the delay in that extension


def with_delays(path: Path) -> bytes | None:
    """The content of a GIF with a delay of 100 ms wherever none that counts is given; None where
    all is well, and of whatever is no moving GIF."""
    data = _content(path)
    bare, short, count = [], [], 0
    delayed = False
    for kind, place in _blocks(data):
        if kind == _DELAYED:
            delayed = True
            if 0 < int.from_bytes(data[place + _DELAY : place + _DELAY + 2], "little") < SHORTEST:
                short.append(place + _DELAY)
        else:
            count += 1
            if not delayed:
                bare.append(place)
            delayed = False
    if count < 2 or not (bare or short):
        return None
    content = bytearray(data)
    for place in short:
        content[place : place + 2] = USUAL.to_bytes(2, "little")
    pieces = [content[a:b] for a, b in zip([0, *bare], [*bare, len(content)], strict=True)]
    return _CONTROL.join(bytes(piece) for piece in pieces)


def is_still_gif(path: Path) -> bool:
    """Whether a file is a GIF of one picture; not where it cannot be read, or is too large for an
    image."""
    try:
        data = _content(path) if path.is_file() else b""  # not a pipe, at which one would wait
    except OSError:
        return False
    pictures = (place for kind, place in _blocks(data) if kind == _PICTURE)
    return len(list(islice(pictures, 2))) == 1


def _content(path: Path) -> bytes:
    """All of a GIF; nothing of any other file, and of one that is too large for an image."""
    if path.stat().st_size > Limits().image_bytes:
        return b""
    with path.open("rb") as file:
        start = file.read(len(_START))
        return start + file.read() if start == _START else b""


def _blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """Kind and place of each picture and of each extension that says how one is shown."""
    place = 13 + _palette(data[10:11])
    while place + 10 < len(data):
        block = data[place]
        if block == _PICTURE:
            yield _PICTURE, place
            place = _behind(data, place + 11 + _palette(data[place + 9 : place + 10]))
        elif block == _EXTENSION:
            if data[place + 1] == _DELAYED:
                yield _DELAYED, place
            place = _behind(data, place + 2)
        else:  # the end, or damage
            return


def _palette(flags: bytes) -> int:
    """Bytes of the colour table that the flags of a picture announce."""
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0


def _behind(data: bytes, place: int) -> int:
    """Where a chain of blocks, each with its length before it, is over."""
    while place < len(data) and data[place]:
        place += 1 + data[place]
    return place + 1
