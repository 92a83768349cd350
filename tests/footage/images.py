"""Folders of pictures, and pictures that are not what they seem."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import cv2

from fer_batch.types import Image
from tests.footage.pictures import cover


def folder(path: Path, frames: Sequence[Image]) -> Path:
    """Write ``frames`` as ``face 1``, ``face 2`` … in all kinds and in mixed sizes.

    There are more than nine, so that natural order differs from the alphabet's.
    """
    assert len(frames) > 9
    path.mkdir(parents=True, exist_ok=True)
    suffixes = (".jpg", ".png", ".webp", ".bmp", ".jpeg")
    sizes = ((320, 180), (321, 241), (240, 320))
    for i, picture in enumerate(frames):
        target = path / f"face {i + 1}{suffixes[i % len(suffixes)]}"
        # OpenCV cannot write to every name, but it can encode.
        done, data = cv2.imencode(target.suffix, cover(picture, *sizes[i % len(sizes)]))
        assert done
        target.write_bytes(data.tobytes())
    return path


def huge_png(path: Path, side: int = 20_000) -> Path:
    """A valid black-and-white PNG of ``side`` x ``side`` pixels in about 50 kB."""
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    packed = b"".join(packer.compress(row * 1000) for _ in range(side // 1000)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    content = _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    return path


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum
