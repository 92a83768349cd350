"""The blocks of a GIF: whether it moves, and for how long each of its pictures is shown.

FFmpeg parts the pictures of a GIF at the block that holds the delay. Where old programs left these
blocks out it would see one picture only. Browsers show such pictures for 100 ms, and those with a
delay that no screen of their time could keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from io import SEEK_CUR, BytesIO
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from fer_batch.config import Limits

SHORTEST = 2  # hundredths of a second; less is taken for nothing said
USUAL = 10
_START = b"GIF8"
_CONTROL = b"\x21\xf9\x04\0" + USUAL.to_bytes(2, "little") + b"\0\0"
_HEADER = 13  # bytes
_EXTENSION, _PICTURE = b"!", b","
_DELAYED = b"\xf9"  # an extension that says how the next picture is shown
_DELAY = 4  # bytes before the delay in that extension


def with_delays(path: Path) -> bytes | None:
    """The content of a GIF with a delay of 100 ms wherever none that counts is given; None where
    all is well, and of whatever is no moving GIF."""
    data = _content(path)
    bare, short, count = [], [], 0
    delayed = False
    for kind, place in _blocks(BytesIO(data)):
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
    image.

    Blocks are gone through by their lengths up to the second picture; nothing is decoded and no
    more than a few kilobytes are in memory.
    """
    try:
        about = path.stat()
        if not S_ISREG(about.st_mode):  # a pipe, at which one would wait
            return False
        return _is_still(path, about.st_size, about.st_mtime_ns)
    except OSError:
        return False


@lru_cache(maxsize=4096)  # each is asked about several times a run
def _is_still(path: Path, size: int, changed: int) -> bool:
    """``size`` in bytes; ``changed`` only tells the file from what it was before."""
    if size > Limits().image_bytes:
        return False
    with path.open("rb") as file:
        pictures = (place for kind, place in _blocks(file) if kind == _PICTURE)
        return len(list(islice(pictures, 2))) == 1


def _content(path: Path) -> bytes:
    """All of a GIF; nothing of any other file, and of one that is too large for an image."""
    if path.stat().st_size > Limits().image_bytes:
        return b""
    with path.open("rb") as file:
        start = file.read(len(_START))
        return start + file.read() if start == _START else b""


def _blocks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind and place of each picture and of each extension that says how one is shown."""
    start = file.read(_HEADER)
    if len(start) < _HEADER or not start.startswith(_START):
        return
    file.seek(_palette(start[10]), SEEK_CUR)
    while True:
        place, block = file.tell(), file.read(1)
        if block == _PICTURE and len(about := file.read(9)) == 9:
            yield _PICTURE, place
            file.seek(_palette(about[8]) + 1, SEEK_CUR)
        elif block == _EXTENSION:
            if file.read(1) == _DELAYED:
                yield _DELAYED, place
        else:  # the end, or damage
            return
        while (length := file.read(1)) not in (b"", b"\0"):
            file.seek(length[0], SEEK_CUR)


def _palette(flags: int) -> int:
    """Bytes of the colour table that the flags of a picture announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
