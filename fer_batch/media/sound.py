"""The sound of a source as packets for an MP4: copied where it can be, else coded as AAC."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av

from fer_batch.media.restarts import EndToEnd

# Sound that MP4 takes as it is and that players expect there; anything else becomes AAC.
COPIED = frozenset({"aac", "mp3", "ac3", "eac3", "alac"})

# A packet and when it is heard, in seconds.
Timed = tuple[float, Any]


def open_sound(source: Any, output: Any, warnings: list[str]) -> Iterator[Timed]:
    """Packets of the first sound track of ``source`` for a new stream of ``output``, in order.

    ``warnings`` gets a line for what is lost.
    """
    track = source.streams.audio[0]
    codec = track.codec_context.name
    try:
        if codec in COPIED:
            packets = _copied(source, track, output.add_stream_from_template(track), warnings)
        else:
            rate = coded_rate(track.codec_context.rate or 48000)
            packets = _coded(source, track, output.add_stream("aac", rate=rate), warnings)
    except (av.FFmpegError, ValueError) as error:
        warnings.append(f"the sound ({codec}) could not be kept: {error}")
        return iter(())
    return _rising(packets, warnings)


def coded_rate(rate: int) -> int:
    """The rate in Hz at which AAC can hold sound of ``rate``: no lower, where there is one."""
    known = sorted(av.Codec("aac", "w").audio_rates or [rate])
    return next((one for one in known if one >= rate), known[-1])


def _copied(source: Any, track: Any, target: Any, warnings: list[str]) -> Iterator[Any]:
    laid = EndToEnd(track.time_base)
    for packet in _readable(source.demux(track), warnings):
        if packet.size and packet.pts is not None:
            placed = laid.place(packet.pts, packet.duration or 0)
            if laid.restarts:
                packet.pts = packet.dts = placed
            packet.stream = target
            yield packet


def _coded(source: Any, track: Any, target: Any, warnings: list[str]) -> Iterator[Any]:
    coder = target.codec_context
    laid = EndToEnd(track.time_base)
    form, resampler = None, None
    for frame in _frames(source, track, warnings):
        if frame.pts is not None:
            begin = round(frame.pts * frame.time_base / track.time_base)
            length = round(Fraction(frame.samples, frame.sample_rate) / track.time_base)
            placed = laid.place(begin, length)
            if laid.restarts:
                frame.pts = round(placed * track.time_base / frame.time_base)
        # Broadcasts change between mono, stereo and more on the way.
        found = (frame.format.name, frame.layout.name, frame.sample_rate, frame.time_base)
        if resampler is None or found != form:
            if resampler is not None:
                yield from _encoded(target, resampler.resample(None))
            form, resampler = found, av.AudioResampler(coder.format, coder.layout, coder.rate)
        yield from _encoded(target, resampler.resample(frame))
    if resampler is not None:
        yield from _encoded(target, resampler.resample(None))
        yield from target.encode(None)


def _encoded(target: Any, frames: list[Any]) -> Iterator[Any]:
    for frame in frames:
        yield from target.encode(frame)


def _frames(source: Any, track: Any, warnings: list[str]) -> Iterator[Any]:
    for packet in _readable(source.demux(track), warnings):
        try:
            yield from track.codec_context.decode(packet if packet.size else None)
        except av.FFmpegError:
            continue


def _readable(packets: Iterator[Any], warnings: list[str]) -> Iterator[Any]:
    try:
        yield from packets
    except av.FFmpegError:
        warnings.append("the sound ends early: the rest cannot be read")


def _rising(packets: Iterator[Any], warnings: list[str]) -> Iterator[Timed]:
    """With their times in seconds, without those that do not come after the one before: MP4 takes
    no others."""
    last, lost = float("-inf"), 0
    for packet in packets:
        time = packet.pts * float(packet.time_base)
        if time > last:
            last = time
            yield time, packet
        else:
            lost += 1
    if lost:
        warnings.append(f"{lost} packets of sound were out of order and are left out")
