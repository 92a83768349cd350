"""What the container says of a video: its frames, their PTS, size, rotation, sound.

Packets are read, pictures are not (but for the first, which proves that there is one): the packet
PTS list defines "every frame of the input". Containers without dependable PTS (AVI) are decoded
once instead.
"""

from __future__ import annotations

import math
import struct
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from fer_batch.config import Limits
from fer_batch.errors import LimitError, NoVideoError
from fer_batch.media.container import open_container, video_stream
from fer_batch.media.decode import decoded_frames
from fer_batch.media.restarts import EndToEnd
from fer_batch.types import IntArray, SourceInfo

SMALLEST = 2  # pixels; planes of chroma need as many, and so does every encoder
BT601 = 6  # FFmpeg's number for SMPTE 170M


def probe_video(path: Path, name: str, limits: Limits) -> SourceInfo:
    """Read the packets of a video and the first picture.

    Raises:
        InputError: not media, no video, or beyond the limits.
    """
    with open_container(path, limits.streams) as container:
        stream = video_stream(container, path)
        _check_size(path, stream, limits)
        stream.thread_type = "SLICE"  # a decoder of many frames at once gives the first one late
        first = _First(stream.codec_context)
        packets = _packets(container, stream, limits, path, first)
        time_base = Fraction(stream.time_base)
        codec = stream.codec_context.name
        aspect = stream.sample_aspect_ratio
        format_name = container.format.name
        has_audio = bool(container.streams.audio)
    pts = packets.pts
    seekable = pts is not None and "avi" not in format_name.split(",")
    joins: tuple[tuple[int, int], ...] = ()
    if not seekable:
        decoded, joins = _decoded_pts(path, limits, packets.restarts > 0)
        # Where a packet is a frame, the container's own order of packets tells the times; PTS
        # that FFmpeg guesses for AVI jump back and forth with B-frames.
        told = not packets.restarts and len(packets.dts) == len(decoded)
        pts = packets.dts if told else decoded
    picture = first.picture
    if picture is None:
        raise NoVideoError(f"{path}: not one frame can be decoded; export or copy it again")
    assert pts is not None
    if len(pts) == 0:
        raise NoVideoError(f"{path}: has no frames; export it again")
    _check_duration(path, float((int(pts[-1]) - int(pts[0])) * time_base), limits)
    rotation, flipped = _turn(picture)
    width, height = _square(picture.width, picture.height, aspect)
    _check_pixels(path, width, height, limits)
    if rotation in (90, 270):
        width, height = height, width
    return SourceInfo(
        path=str(path.absolute()),
        name=name,
        kind="video",
        width=width,
        height=height,
        rotation=rotation,
        flipped=flipped,
        joins=joins,
        time_base=time_base,
        pts=pts,
        has_audio=has_audio,
        codec=codec,
        colour=_colour(picture),
        seekable=seekable,
        warnings=tuple(packets.warnings),
    )


class _First:
    """Decodes packets until there is a picture."""

    def __init__(self, decoder: Any) -> None:
        self.picture: Any = None
        self._decoder = decoder

    def see(self, packet: Any) -> None:
        """The next packet, None after the last."""
        if self.picture is None:
            with suppress(av.FFmpegError):
                self.picture = next(iter(self._decoder.decode(packet)), None)


@dataclass(frozen=True, slots=True)
class _Packets:
    """What the packets of a stream say: sorted PTS of all that are to be shown, None where they
    cannot be relied on; sorted DTS; how often times start again."""

    pts: IntArray | None
    dts: IntArray
    restarts: int
    warnings: list[str]


def _packets(container: Any, stream: Any, limits: Limits, path: Path, first: _First) -> _Packets:
    pts: list[int] = []
    dts: list[int] = []
    end = hidden = 0
    dependable = True
    warnings: list[str] = []
    # Matroska has no DTS; those that FFmpeg makes of its PTS may be out of order.
    laid = EndToEnd(stream.time_base, 0.5 if "matroska" in container.format.name else 0.0)
    try:
        for packet in container.demux(stream):
            if not packet.size:
                continue
            first.see(packet)
            if packet.is_discard:  # an edit list leaves it out
                hidden += 1
                continue
            if packet.dts is not None:
                dts.append(packet.dts)
                laid.place(packet.dts, packet.duration or 0)
            if packet.pts is None:
                dependable = False
                continue
            pts.append(packet.pts)
            end = max(end, packet.pts + (packet.duration or 0))
            if len(pts) > limits.frames:
                raise LimitError(f"{path}: has more than {limits.frames} frames; cut it in parts")
    except av.FFmpegError as error:
        warnings.append(f"reading stopped after {len(pts)} frames ({_reason(error)})")
    first.see(None)
    # AVI counts the empty chunks that stand for a frame shown longer.
    expected = 0 if "avi" in container.format.name.split(",") else stream.frames
    if laid.restarts:
        often = "once" if laid.restarts == 1 else f"{laid.restarts} times"
        warnings.append(
            f"its times start again {often} (recordings joined as they were); "
            "they are laid one behind the other"
        )
    elif expected > (held := len(pts) + hidden) and dependable and not warnings:
        warnings.append(f"the file announces {expected} frames and holds {held}; it is cut off")
    elif not warnings and (lost := _lost_seconds(container, stream, pts, end)) > 1.0:
        warnings.append(f"the file ends {lost:.1f} s before its announced length; it is cut off")
    found = _sorted_once(pts)
    dependable = dependable and not laid.restarts and len(found) == len(pts)
    return _Packets(found if dependable else None, _sorted_once(dts), laid.restarts, warnings)


def _sorted_once(times: list[int]) -> IntArray:
    """As ``np.unique``, which would import numpy's masked arrays for it."""
    return np.array(sorted(set(times)), np.int64)


def _lost_seconds(container: Any, stream: Any, pts: list[int], end: int) -> float:
    """Seconds between the end of the last packet and the length that the header announces.

    ``end``: in ticks. The file's length is that of its longest stream, so the stream's own goes
    first; Matroska writes that one as a tag.
    """
    if not pts:
        return 0.0
    if stream.duration:
        return float((stream.duration - (end - min(pts))) * stream.time_base)
    announced = _seconds(stream.metadata.get("DURATION", ""))
    announced = announced or (container.duration or 0) / av.time_base
    return float(announced - float((end - min(0, min(pts))) * stream.time_base))


def _seconds(clock: str) -> float:
    """Of ``00:01:02.500000000``; 0 of anything else."""
    try:
        hours, minutes, seconds = (float(part) for part in clock.split(":"))
    except ValueError:
        return 0.0
    return hours * 3600 + minutes * 60 + seconds


def _decoded_pts(
    path: Path, limits: Limits, restarts: bool
) -> tuple[IntArray, tuple[tuple[int, int], ...]]:
    """The PTS of all pictures, by decoding them, and by how much recordings were moved.
    ``restarts``: times that fall back start again."""
    pts: list[int] = []
    with open_container(path, limits.streams) as container:
        stream = video_stream(container, path)
        stream.thread_type = "AUTO"
        laid, step = EndToEnd(stream.time_base, 0.0 if restarts else math.inf), 1
        for frame in decoded_frames(container, stream):
            placed = laid.place(len(pts) if frame.pts is None else frame.pts, step)
            if pts and placed > pts[-1]:
                step = placed - pts[-1]
            pts.append(placed)
            if len(pts) > limits.frames:
                raise LimitError(f"{path}: has more than {limits.frames} frames; cut it in parts")
    # Frames that share a PTS are shown one tick apart, in the order of decoding.
    return np.array(_strictly_rising(sorted(pts)), np.int64), tuple(laid.joins)


def _colour(frame: Any) -> tuple[int, int, int, int]:
    full_range = frame.color_range == 2 or frame.format.name.startswith("yuvj")
    # Planes made of RGB follow BT.601; "RGB" as their matrix would be a lie.
    matrix = int(frame.colorspace) or BT601
    return (2 if full_range else 1, int(frame.color_primaries), int(frame.color_trc), matrix)


def _strictly_rising(pts: list[int]) -> list[int]:
    rising: list[int] = []
    for value in pts:
        rising.append(max(value, rising[-1] + 1) if rising else value)
    return rising


def _turn(picture: Any) -> tuple[int, bool]:
    """Degrees clockwise by which to turn a picture, and whether to exchange left and right then.

    From the display matrix: a pixel at (x, y) is shown at (a x + c y, b x + d y).
    """
    for data in picture.side_data:
        if data.type == av.sidedata.sidedata.Type.DISPLAYMATRIX:
            a, b, _, c, d, *_ = struct.unpack("<9i", bytes(data))
            flipped = a * d - b * c < 0
            angle = math.degrees(math.atan2(b, -a if flipped else a))
            return round(angle / 90) * 90 % 360, flipped
    return 0, False


def _square(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """The size at which players show pixels of that shape (DVD, DV, broadcasts): as high, and wider
    or narrower. What encoders leave by rounding is no shape, nor is what no camera has."""
    if not aspect or not 0.25 <= aspect <= 4 or abs(aspect - 1) < 0.01:
        return width, height
    return max(1, round(width * aspect)), height


def _check_size(path: Path, stream: Any, limits: Limits) -> None:
    if stream.codec_context is None:
        raise NoVideoError(f"{path}: its kind of video is unknown; convert it to MP4 (H.264)")
    _check_pixels(path, stream.codec_context.width, stream.codec_context.height, limits)


def _check_pixels(path: Path, width: int, height: int, limits: Limits) -> None:
    if min(width, height) < SMALLEST:
        raise LimitError(
            f"{path}: {width}x{height} pixels are too few to show a face; leave it out"
        )
    if width * height > limits.pixels:
        raise LimitError(
            f"{path}: {width}x{height} pixels are more than the {limits.pixels // 1_000_000} "
            "megapixels allowed; scale it down"
        )


def _check_duration(path: Path, seconds: float, limits: Limits) -> None:
    if seconds > limits.duration_s:
        raise LimitError(
            f"{path}: lasts {seconds / 3600:.1f} hours, more than {limits.duration_s / 3600:.0f}; "
            "cut it in parts"
        )


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", "") or type(error).__name__).lower()
