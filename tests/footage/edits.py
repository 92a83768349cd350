"""MP4 whose edit lists show several stretches of what the file holds, as editors leave them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path


def edited(path: Path, source: Path, stretches: Sequence[tuple[float, float]]) -> Path:
    """A copy of an MP4, whose index comes last, that shows of each track one stretch after the
    other: begin and length in seconds."""
    content = bytearray(source.read_bytes())
    film = content.index(b"moov") - 4
    ticks = _number(content, content.index(b"mvhd") + 16)
    track = content.find(b"trak", film)
    while track > 0:
        rate = _number(content, content.index(b"mdhd", track) + 16)
        at = content.index(b"elst", track) - 4
        size, first = _number(content, at), _number(content, at + 20)
        entries = [
            struct.pack(">IIHH", round(length * ticks), first + round(begin * rate), 1, 0)
            for begin, length in stretches
        ]
        body = b"elst" + struct.pack(">II", 0, len(entries)) + b"".join(entries)
        content[at : at + size] = struct.pack(">I", len(body) + 4) + body
        for box in (film, track - 4, content.index(b"edts", track) - 4):
            grown = _number(content, box) + len(body) + 4 - size
            content[box : box + 4] = struct.pack(">I", grown)
        track = content.find(b"trak", track + 4)
    path.write_bytes(content)
    return path


def _number(content: bytearray, at: int) -> int:
    return int.from_bytes(content[at : at + 4])
