"""What a video holds: its frames, their PTS, size, rotation, colours, sound.

Packets are read, pictures are not (but for the first, which proves that there is one): the packet
PTS list defines "every frame of the input". Where packets do not tell (AVI, interlaced H.264,
sizes that change) the video is decoded once instead.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from fer_batch.config import Limits
from fer_batch.errors import LimitError, NotMediaError, NoVideoError
from fer_batch.i420 import BT601, BT709, usual_matrix
from fer_batch.media.aperture import Part, named_part
from fer_batch.media.container import (
    open_container,
    open_decoder,
    tells_ahead,
    video_stream,
    video_tracks,
)
from fer_batch.media.counted import Counted, count, lasting_size, out_of_order, rate_of
from fer_batch.media.formats import BARE, FAULTS, convert, reason
from fer_batch.media.hdr import is_wide
from fer_batch.media.named_colours import UNSPECIFIED
from fer_batch.media.packets import First, Packets, read_packets
from fer_batch.media.pauses import long_pauses
from fer_batch.media.recorded import recorded, timecode
from fer_batch.media.shape import check_pixels, square, turn
from fer_batch.plural import plural
from fer_batch.types import IntArray, SourceInfo

# Formats, by FFmpeg's names, of what is recorded live or taken out of that.
FREE_CLOCKS = frozenset({"mpegts", "mpeg", "flv"})
PROTECTED = frozenset({"drmi", "encv"})  # codec tags of copy protection


def probe_video(path: Path, name: str, limits: Limits, track: int = 0) -> SourceInfo:
    """Read the packets of a video and the first picture.

    ``track``: number of the video track from 1 on, 0 for the one that players show.

    Raises:
        InputError: not media, no video, or beyond the limits.
    """
    try:
        return _probe(path, name, limits, track)
    except FAULTS as error:
        if isinstance(error, OSError):
            raise
        raise NotMediaError(f"{path}: cannot be read as a video ({reason(error)})") from error


@dataclass(frozen=True, slots=True)
class _Header:
    """What is known of a stream before its packets are read, and of its first picture."""

    time_base: Fraction
    codec: str
    format: str
    aspect: Fraction | None
    rate: Fraction
    has_audio: bool
    protected: bool
    recorded: str
    timecode: str
    picture: Any
    shown: Part | None
    warnings: list[str]


def _probe(path: Path, name: str, limits: Limits, track: int) -> SourceInfo:
    header, packets = _read(path, limits, track)
    times = _times(path, header, packets, limits, track)
    picture = header.picture
    if picture is None:
        raise _nothing(path, header, limits, track)
    if len(times.pts) == 0:
        raise NoVideoError(f"{path}: has no frames; export it again")
    _check_duration(path, float((int(times.pts[-1]) - int(times.pts[0])) * times.time_base), limits)
    pauses = long_pauses(times.pts, times.time_base)
    warnings = [*header.warnings, *packets.warnings, *pauses]
    first = square(picture.width, picture.height, header.aspect)
    width, height = lasting_size(times.sizes) if times.sizes else first
    aperture: tuple[int, ...] = ()
    if len(times.sizes) > 1:
        warnings.append(_changes(times.sizes, (width, height)))
    elif header.shown is not None:
        aperture = (*header.shown, picture.width, picture.height)
        width, height = square(*header.shown[2:], header.aspect)
    rotation, flipped = turn(picture)
    check_pixels(path, width, height, limits)
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
        joins=times.joins,
        time_base=times.time_base,
        pts=times.pts,
        has_audio=header.has_audio,
        codec=header.codec,
        colour=_colour(picture),
        seekable=times.seekable,
        track=track,
        free_clock=header.format in FREE_CLOCKS,
        aperture=aperture,
        changes=packets.sizes,
        recorded=header.recorded,
        timecode=header.timecode,
        warnings=tuple(warnings),
    )


def _read(path: Path, limits: Limits, track: int) -> tuple[_Header, Packets]:
    with open_container(path, limits) as container:
        stream = video_stream(container, path, track)
        if stream.codec_context is None:
            raise NoVideoError(f"{path}: unsupported codec; {convert(path)}")
        context = open_decoder(stream, limits)
        if context.width or context.height:
            check_pixels(path, context.width, context.height, limits)
        if stream.frames > limits.frames:
            raise LimitError(
                f"{path}: announces {stream.frames} frames, more than {limits.frames}; "
                "cut it in parts"
            )
        stream.thread_type = "SLICE"  # a decoder of many frames at once gives the first one late
        first = First(context)
        packets = read_packets(container, stream, limits, path, first)
        header = _Header(
            time_base=Fraction(stream.time_base),
            codec=context.name,
            format=container.format.name,
            aspect=stream.sample_aspect_ratio,
            rate=rate_of(stream),
            has_audio=bool(container.streams.audio),
            protected=context.codec_tag in PROTECTED,
            recorded=recorded(container, stream),
            timecode=timecode(container, stream),
            picture=first.picture,
            shown=named_part(path, container, stream, first.picture),
            warnings=_which(container, stream, track),
        )
    return header, packets


@dataclass(frozen=True, slots=True)
class _Times:
    """When frames are shown; ``sizes`` (as shown) is empty where all are known to be of one."""

    pts: IntArray
    time_base: Fraction
    seekable: bool
    joins: tuple[tuple[int, int], ...]
    sizes: Counter[tuple[int, int]]


def _times(path: Path, header: _Header, packets: Packets, limits: Limits, track: int) -> _Times:
    avi = "avi" in header.format.split(",")
    if header.format in BARE:
        header.warnings.append(
            f"has frames without times; a rate of {float(header.rate):g} a second is taken"
        )
    pts = packets.pts
    # An AVI's own times are never taken, so they need no look.
    jumbled = packets.unsorted and not avi and out_of_order(path, limits, track)
    if pts is not None and not (avi or packets.fields or packets.sizes or jumbled):
        return _Times(pts, header.time_base, True, (), Counter())
    expected = 0 if packets.fields else packets.count
    threads = 1 if packets.sizes and tells_ahead(header.codec) else 0
    counted = count(path, limits, packets.restarts > 0, track, expected, threads)
    lost = packets.count - len(counted.pts)
    if packets.restarts and not packets.fields and lost > 0:
        header.warnings.append(
            f"{lost} of {plural(packets.count, 'frame')} could not be decoded; left out"
        )
    if avi and _by_chunks(header, packets, counted):
        # Where a packet is a frame, the container's own order of packets tells the times; PTS
        # that FFmpeg guesses for AVI jump back and forth with B-frames.
        return _Times(packets.dts, header.time_base, False, counted.joins, counted.sizes)
    seekable = counted.exact and not avi and not jumbled
    return _Times(counted.pts, counted.time_base, seekable, counted.joins, counted.sizes)


def _by_chunks(header: _Header, packets: Packets, counted: Counted) -> bool:
    """Whether the order of an AVI's chunks tells the times. Not of MPEG-4 with two pictures in a
    chunk (Xvid's packed bitstream): what stands there is shown later, as FFmpeg's parser knows."""
    if header.codec == "mpeg4" and counted.exact:
        return False
    return not packets.restarts and len(packets.dts) == len(counted.pts)


def _which(container: Any, stream: Any, track: int) -> list[str]:
    """What is to be said where there is more than one video track."""
    tracks = video_tracks(container)
    if len(tracks) == 1 or track:
        return []
    number = tracks.index(stream) + 1
    return [f"has {len(tracks)} video tracks; number {number} is used, --video-track takes another"]


def _changes(sizes: Counter[tuple[int, int]], shown: tuple[int, int]) -> str:
    first, *others = (f"{width}x{height}" for width, height in sizes)
    named = ", ".join(others[:4]) + (" …" if len(others) > 4 else "")
    return (
        f"pictures change size from {first} to {named}; all are fitted into "
        f"{shown[0]}x{shown[1]}, with bars"
    )


def _nothing(path: Path, header: _Header, limits: Limits, track: int) -> NoVideoError:
    with open_container(path, limits, any_size=True) as container:
        context = video_stream(container, path, track).codec_context
        if context.width and context.height:
            check_pixels(path, context.width, context.height, limits)
    if header.protected:
        return NoVideoError(f"{path}: is encrypted (copy protection); export it without")
    return NoVideoError(f"{path}: not one frame can be decoded; export or copy it again")


def _colour(frame: Any) -> tuple[int, int, int, int]:
    """Range, primaries, transfer and matrix of the pictures as the reader hands them on."""
    if is_wide(frame):
        return (1, BT709, BT709, BT709)
    full_range = frame.color_range == 2 or frame.format.name.startswith("yuvj")
    matrix = int(frame.colorspace)
    if matrix == UNSPECIFIED:
        matrix = usual_matrix(frame.width, frame.height)
    # Planes made of RGB follow BT.601; "RGB" as their matrix would be a lie.
    if frame.format.is_rgb or matrix == 0:
        matrix = BT601
    return (2 if full_range else 1, int(frame.color_primaries), int(frame.color_trc), matrix)


def _check_duration(path: Path, seconds: float, limits: Limits) -> None:
    if seconds > limits.duration_s:
        raise LimitError(
            f"{path}: lasts {seconds / 3600:.1f} hours, more than {limits.duration_s / 3600:.0f}; "
            "cut it in parts"
        )
