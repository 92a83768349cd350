"""What stands at the front of a coded picture: its size, and whether fields may be coded apart.

Read without decoding, and only to learn whether something changes on the way: where it does, the
video is decoded once to know. Numbers from ITU-T H.264 (7.3.1, 7.3.2.1), H.265 (7.3.1), ISO/IEC
13818-2 (6.2.2.1), RFC 6386 (9.1), the VP9 and AV1 bitstream specifications.
"""

from __future__ import annotations

from collections.abc import Iterator

# Parameter sets and headers lie at the front; nothing behind is looked at.
FRONT = 4096
H264_SPS, HEVC_SPS = 7, 33
AV1_SEQUENCE = 1
EMPTY_VOP = 12  # bytes of MPEG-4's header of a picture that is not coded
# H.264 profiles whose parameter sets tell of chroma and scaling lists.
HIGH = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


class Bits:
    """Reads bits from the front of ``data``.

    Raises:
        IndexError: past the end.
    """

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), len(data) * 8

    def u(self, count: int) -> int:
        """A number of ``count`` bits."""
        self._left -= count
        if self._left < 0:
            raise IndexError("past the end")
        return self._value >> self._left & (1 << count) - 1

    def ue(self) -> int:
        """A number in Exp-Golomb code."""
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """A signed number in Exp-Golomb code."""
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def size_mark(codec: str, data: bytes, prefix: int = 0) -> bytes:
    """Bytes that change when the size of pictures does; empty where a packet does not say.

    ``data``: the front of a packet. ``prefix``: how many bytes tell the length of a NAL unit, 0
    for start codes between them. Bytes that change while the size does not do no harm.
    """
    if codec == "h264":
        return b"".join(unit for unit in nal_units(data, prefix) if unit[0] & 31 == H264_SPS)
    if codec == "hevc":
        return b"".join(u for u in nal_units(data, prefix) if u[0] >> 1 & 63 == HEVC_SPS)
    if codec in ("mpeg1video", "mpeg2video"):
        return data[4:8] if data[:4] == b"\0\0\1\xb3" else b""
    if codec == "vp8":
        return data[6:10] if data[3:6] == b"\x9d\x01\x2a" else b""
    if codec == "mjpeg":
        return _jpeg_size(data)
    try:
        if codec == "vp9":
            return _vp9_size(Bits(data[:32]))
        if codec == "av1":
            return _av1_sequence(data)
    except IndexError:
        pass
    return b""


def shows_nothing(codec: str, data: bytes) -> bool:
    """Whether a packet is only for others to be coded from (VP8's hidden frames): no frame."""
    return codec == "vp8" and bool(data) and not data[0] & 16


def may_be_empty(codec: str, size: int) -> bool:
    """Whether a packet of so many bytes may stand for "as before" (MPEG-4), which is no frame."""
    return codec == "mpeg4" and size <= EMPTY_VOP


def nal_units(data: bytes, prefix: int) -> Iterator[bytes]:
    """The NAL units at the front of a packet; the last may be cut off."""
    if prefix:
        while len(data) > prefix:
            length = int.from_bytes(data[:prefix], "big")
            if length:
                yield data[prefix : prefix + length]
            data = data[prefix + length :]
        return
    for piece in data.split(b"\0\0\1")[1:]:
        if piece:
            yield piece.rstrip(b"\0") or piece


def nal_prefix(codec: str, extradata: bytes | None) -> int:
    """How many bytes tell the length of a NAL unit in packets with that extradata."""
    if not extradata or extradata[0] != 1:
        return 0
    place = {"h264": 4, "hevc": 21}.get(codec)
    return (extradata[place] & 3) + 1 if place is not None and len(extradata) > place else 0


def first_parameter_set(extradata: bytes | None) -> bytes:
    """H.264's first sequence parameter set out of extradata of either form."""
    if not extradata:
        return b""
    if extradata[0] == 1:
        return extradata[8 : 8 + int.from_bytes(extradata[6:8], "big")]
    return size_mark("h264", extradata[:FRONT])


def fields_apart(parameter_set: bytes) -> bool:
    """Whether H.264's sequence parameter set allows a packet for each field (interlaced)."""
    bits = Bits(parameter_set[1:].replace(b"\0\0\3", b"\0\0"))
    try:
        return not _frames_only(bits)
    except IndexError:
        return False


def _frames_only(bits: Bits) -> int:
    profile = bits.u(8)
    bits.u(16)
    bits.ue()
    if profile in HIGH:
        chroma = bits.ue()
        if chroma == 3:
            bits.u(1)
        bits.ue()
        bits.ue()
        bits.u(1)
        if bits.u(1):
            for number in range(12 if chroma == 3 else 8):
                if bits.u(1):
                    _skip_scaling(bits, 16 if number < 6 else 64)
    bits.ue()
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.u(1)
        bits.se()
        bits.se()
        for _ in range(bits.ue()):
            bits.se()
    bits.ue()
    bits.u(1)
    bits.ue()
    bits.ue()
    return bits.u(1)


def _skip_scaling(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _jpeg_size(data: bytes) -> bytes:
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        if data[place + 1] in (0xC0, 0xC1, 0xC2):
            return data[place + 5 : place + 9]
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return b""


def _vp9_size(bits: Bits) -> bytes:
    bits.u(2)
    profile = bits.u(1) | bits.u(1) << 1
    if profile == 3:
        bits.u(1)
    if bits.u(1):  # shows an earlier picture again
        return b""
    inter, shown, resilient = bits.u(1), bits.u(1), bits.u(1)
    if not inter:
        bits.u(24)
        _vp9_colour(bits, profile)
    else:
        intra_only = 0 if shown else bits.u(1)
        if not resilient:
            bits.u(2)
        if intra_only:
            bits.u(24)
            if profile:
                _vp9_colour(bits, profile)
        bits.u(8)
        if not intra_only:
            bits.u(12)
            if bits.u(1) or bits.u(1) or bits.u(1):  # as large as one that it is coded from
                return b""
    return bits.u(32).to_bytes(4, "big")


def _vp9_colour(bits: Bits, profile: int) -> None:
    if profile >= 2:
        bits.u(1)
    rgb = bits.u(3) == 7
    if not rgb:
        bits.u(1)
    if profile in (1, 3):
        bits.u(1 if rgb else 3)


def _av1_sequence(data: bytes) -> bytes:
    place = 0
    while place < len(data):
        header = data[place]
        place += 2 if header & 4 else 1
        if not header & 2:
            return b""
        length = shift = 0
        while True:
            byte = data[place]
            place += 1
            length |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                break
        if header >> 3 & 15 == AV1_SEQUENCE:
            return data[place : place + length]
        place += length
    return b""
