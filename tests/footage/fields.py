"""H.264 whose fields are coded apart (PAFF), as camcorders write interlaced pictures.

No encoder at hand makes such a stream, so it is written bit by bit: uncompressed macroblocks
(I_PCM), each field a picture of its own, a packet for each (ITU-T H.264, 7.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_batch.types import Image
from tests.footage.oracle import ffmpeg

MACROBLOCK = 16
I_PCM = 25
ALL_INTRA = 7


class Writer:
    """Bits in the order of H.264."""

    def __init__(self) -> None:
        self._bits = ""

    def u(self, count: int, value: int) -> Writer:
        self._bits += f"{value:0{count}b}"
        return self

    def ue(self, *values: int) -> Writer:
        for value in values:
            code = f"{value + 1:b}"
            self._bits += "0" * (len(code) - 1) + code
        return self

    def align(self) -> Writer:
        self._bits += "0" * (-len(self._bits) % 8)
        return self

    def raw(self, data: bytes) -> Writer:
        self._bits += "".join(f"{byte:08b}" for byte in data)
        return self

    def end(self) -> bytes:
        self.u(1, 1).align()
        return int(self._bits, 2).to_bytes(len(self._bits) // 8, "big")


def unit(kind: int, payload: bytes) -> bytes:
    """A NAL unit behind a start code; three bytes that look like one are told apart."""
    safe = bytearray()
    for byte in payload:
        if safe[-2:] == b"\0\0" and byte <= 3:
            safe.append(3)
        safe.append(byte)
    return b"\0\0\0\1" + bytes([kind]) + bytes(safe)


def parameters(width: int, height: int, rate: int) -> bytes:
    """Sequence and picture parameter sets of interlaced pictures, ``rate`` frames a second."""
    sps = Writer().u(8, 77).u(8, 0).u(8, 40).ue(0, 0, 0, 0, 2).u(1, 0)
    sps.ue(width // MACROBLOCK - 1, height // (2 * MACROBLOCK) - 1)
    sps.u(3, 0b001).u(1, 0).u(1, 1)  # fields allowed, no cropping, with times
    sps.u(4, 0).u(1, 1).u(32, 1).u(32, 2 * rate).u(1, 1).u(4, 0)
    pps = Writer().ue(0, 0).u(2, 0).ue(0, 0, 0).u(3, 0).ue(0, 0, 0).u(3, 0)
    return unit(0x67, sps.end()) + unit(0x68, pps.end())


def field(luma: Image, bottom: bool, number: int) -> bytes:
    """One field ``uint8[h / 2, w]`` of grey as a key picture; ``number`` of its frame."""
    slice_ = Writer().ue(0, ALL_INTRA, 0).u(4, 0).u(1, 1).u(1, int(bottom))
    if bottom:  # at place 1 of the frame that the key picture began
        slice_.u(4, 1).u(1, 0)
    else:
        slice_.ue(number % 2).u(4, 0).u(2, 0)
    slice_.ue(0)
    grey = bytes([128]) * (MACROBLOCK * MACROBLOCK // 2)
    for y in range(0, luma.shape[0], MACROBLOCK):
        for x in range(0, luma.shape[1], MACROBLOCK):
            block = luma[y : y + MACROBLOCK, x : x + MACROBLOCK]
            slice_.ue(I_PCM).align().raw(block.tobytes() + grey)
    return unit(0x65 if not bottom else 0x61, slice_.end())


def write(path: Path, frames: Sequence[Image], rate: int = 25) -> Path:
    """Write luma ``uint8[h, w]`` (sides multiples of 32) as field pairs to ``path``."""
    height, width = frames[0].shape
    stream = b""
    for number, luma in enumerate(frames):
        clear = np.clip(luma, 1, 254)  # I_PCM has no 0
        stream += unit(0x09, b"\xf0") + parameters(width, height, rate)
        stream += field(clear[0::2], False, number)
        stream += unit(0x09, b"\xf0") + field(clear[1::2], True, number)
    bare = path.with_suffix(".h264")
    bare.write_bytes(stream)
    ffmpeg("-framerate", str(rate), "-i", bare, "-c", "copy", path)
    return path
