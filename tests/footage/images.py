"""Folders of pictures, and pictures that are not what they seem."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from fer_batch.types import Image, IntArray
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


def png_of_two_sizes(path: Path, shown: int, real: int) -> Path:
    """A PNG with two headers: of ``shown`` and of ``real`` pixels a side, with pixels for both."""
    small = struct.pack(">IIBBBBB", shown, shown, 1, 0, 0, 0, 0)
    large = struct.pack(">IIBBBBB", real, real, 1, 0, 0, 0, 0)
    packed = zlib.compress(bytes((1 + real // 8) * 200), 9)
    content = _chunk(b"IHDR", small) + _chunk(b"IHDR", large)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + content + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")
    )
    return path


def tiff_of_two_sizes(path: Path, shown: int, real: int) -> Path:
    """A TIFF that names width and height twice: decoders take the first, some readers the last."""
    strip = zlib.compress(bytes(real * real), 9)
    entries = [
        *((256, 4, real), (257, 4, real), (256, 4, shown), (257, 4, shown), (258, 3, 8)),
        *((259, 3, 8), (262, 3, 1), (273, 4, 0), (277, 3, 1), (278, 4, real), (279, 4, len(strip))),
    ]
    start = 8 + 2 + 12 * len(entries) + 4
    table = b"".join(
        struct.pack("<HHII", tag, kind, 1, start if tag == 273 else value)
        for tag, kind, value in entries
    )
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    path.write_bytes(head + table + bytes(4) + strip)
    return path


def tiff(
    path: Path,
    width: int,
    height: int,
    bits: int,
    pixels: bytes,
    tags: dict[int, int] | None = None,
    channels: int = 1,
) -> Path:
    """A TIFF in one piece, not compressed; ``tags`` come on top of the usual ones."""
    depths = 8 + 2 + 12 * (10 + len({*(tags or {})} - {262})) + 4
    start = depths + 2 * channels
    known = {256: width, 257: height, 259: 1, 262: 1 if channels == 1 else 2, 273: start}
    known |= {277: channels, 278: height, 279: len(pixels), 284: 1} | (tags or {})
    entries = {tag: struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in known.items()}
    for tag in (273, 279):
        entries[tag] = struct.pack("<HHII", tag, 4, 1, known[tag])
    depth = struct.pack("<HH", bits, 0) if channels == 1 else struct.pack("<I", depths)
    entries[258] = struct.pack("<HHI", 258, 3, channels) + depth
    table = b"".join(entries[tag] for tag in sorted(entries))
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    path.write_bytes(head + table + bytes(4) + struct.pack("<H", bits) * channels + pixels)
    return path


def heic_of_tiles(path: Path, rgb: Image, tile: int) -> Path:
    """A HEIC photo as phones write it: tiles of ``tile`` pixels, which the container joins."""
    import pillow_heif
    from PIL import Image as Pillow

    pillow_heif.register_heif_opener()
    usual = pillow_heif.options.GRID_TILE_SIZE
    pillow_heif.options.GRID_TILE_SIZE = tile
    try:
        Pillow.fromarray(rgb).save(path, "HEIF", quality=95)
    finally:
        pillow_heif.options.GRID_TILE_SIZE = usual
    return path


def grey_png(path: Path, values: IntArray, depth: int, clear: int | None = None) -> Path:
    """A PNG of grey ``values`` of ``depth`` bits; those that equal ``clear`` are not shown."""
    height, width = values.shape
    bits = np.unpackbits(values.astype(">u2")[..., None].view(np.uint8), axis=-1)[..., -depth:]
    rows = np.packbits(bits.reshape(height, -1), axis=1)
    content = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    if clear is not None:
        content += _chunk(b"tRNS", struct.pack(">H", clear))
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    content += _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    return path


def gif(
    path: Path, greys: Sequence[int], delays: Sequence[int | None], comment: bytes = b""
) -> Path:
    """A moving GIF of plain pictures, each shown for its delay (hundredths of a second) or without
    a word of it; ``comment`` stands before each."""
    palette = bytes(value for grey in range(256) for value in (grey, grey, grey))
    content = b"GIF89a" + struct.pack("<HHBBB", 64, 48, 0xF7, 0, 0) + palette
    for grey, delay in zip(greys, delays, strict=True):
        if comment:
            content += b"\x21\xfe" + bytes([len(comment)]) + comment + b"\0"
        if delay is not None:
            content += b"\x21\xf9\x04\0" + struct.pack("<H", delay) + b"\0\0"
        content += b"\x2c" + struct.pack("<HHHHB", 0, 0, 64, 48, 0) + b"\x08"
        coded = _uncompressed_lzw(bytes([grey]) * (64 * 48))
        for start in range(0, len(coded), 255):
            piece = coded[start : start + 255]
            content += bytes([len(piece)]) + piece
        content += b"\0"
    path.write_bytes(content + b"\x3b")
    return path


def _uncompressed_lzw(values: bytes) -> bytes:
    """GIF's code of nine bits for each value, begun anew so often that codes never grow."""
    codes = []
    for start in range(0, len(values), 200):
        codes += [256, *values[start : start + 200]]
    codes.append(257)
    whole = sum(code << 9 * place for place, code in enumerate(codes))
    return whole.to_bytes(-(-len(codes) * 9 // 8), "little")
